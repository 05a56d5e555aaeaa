/** What a `watch…` call answers: the function that ends it. */
export type Unwatch = Promise<() => void>;
