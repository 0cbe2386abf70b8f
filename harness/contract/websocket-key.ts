// The handshake key all virtual clients send: the one of RFC 6455 §1.3, whose answer is known, so that no client computes a hash.

export const websocketKey = 'dGhlIHNhbXBsZSBub25jZQ==';
export const websocketAccept = 's3pPLMBiTxaQ9kYGzzhZRbK+xOo=';
