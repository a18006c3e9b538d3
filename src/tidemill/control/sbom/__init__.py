"""What Tidemill is made of: packages, server files and crates, with their licences."""
