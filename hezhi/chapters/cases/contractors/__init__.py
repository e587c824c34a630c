"""外协单位 (9.1.2-2): part of an order done by a contractor without an account, by a link that is signed, ends and can be revoked."""
