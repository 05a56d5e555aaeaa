/**
 * A client whose rarer half is loaded when something of it is first asked for.
 * @param now what is there from the start; it wins where both have a name.
 * @param load the rest: methods that answer with a promise.
 */
export function withLater<Now extends object, Later extends object>(now: Now, load: () => Promise<Later>): Now & Later {
  const both = new Proxy(now, {
    get(target, name, receiver) {
      // Whatever has a `then` is taken for a promise when it passes through one.
      if (name in target || typeof name !== 'string' || name === 'then') return Reflect.get(target, name, receiver);
      return async (...args: unknown[]) => {
        const later = await load();
        const method: unknown = Reflect.get(later, name);
        if (typeof method !== 'function') throw new TypeError(`nothing here is called ${name}`);
        const answer: unknown = Reflect.apply(method, later, args);
        return answer;
      };
    },
  });
  return both as Now & Later;
}
