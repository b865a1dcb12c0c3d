"""What the catalogue knows, as Python objects: no network, no disk beyond a file's size and checksum."""
