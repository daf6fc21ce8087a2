-- Under the old default privileges every sequence was open to the API's roles, as every table was: it
-- tells how many corrections there are, and could be set back. The database numbers its rows itself.

revoke all on all sequences in schema public, private
from public, anon, authenticated, service_role, prompt_writer, prompt_exporter;
