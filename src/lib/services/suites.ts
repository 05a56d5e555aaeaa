/** MLS cipher suites as people see them in a conversation's details, by IANA number. */
export const suiteLabel = (suite: number): string =>
  suite === 83 ? 'X-Wing hybrid (X25519 and ML-KEM-768), AES-256-GCM, Ed25519' : 'X25519, AES-128-GCM, Ed25519';
