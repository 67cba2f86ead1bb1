/** The same object with some methods replaced; the others go on working on the original. */
export function override<T extends object>(original: T, changes: Partial<T>): T {
  return new Proxy(original, {
    get: (target, key) => {
      const value: unknown = Reflect.get(key in changes ? changes : target, key);
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
  });
}
