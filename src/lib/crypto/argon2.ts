/** Argon2id of hash-wasm alone: a namespace import of the package would bring all of its hashes. */
export { argon2id } from 'hash-wasm';
