select payment, is_electronic
from (values ('card', true), ('cash', false), ('other', null)) as known (payment, is_electronic)
