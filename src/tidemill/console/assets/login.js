// The address that `tidemill console` prints carries the token behind the #, which no server sees.
const given = new URLSearchParams(location.hash.slice(1)).get("token");
if (given) {
  history.replaceState(null, "", location.pathname + location.search);
  document.getElementById("token").value = given;
  document.querySelector("form").submit();
}
