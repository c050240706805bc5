"""RFC 9113 sections 3 to 8, RFC 7541 and RFC 8441 as tables: frames sent, and what must follow."""
