"""What tests of programs that use scitacean can import: servers, fixtures."""
