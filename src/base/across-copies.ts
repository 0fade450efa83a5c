/**
 * Makes `instanceof` true for objects of the same class from another copy of this package: a process may load it
 * as ESM and as CommonJS, and an error of one entry is caught in another.
 */
export function acrossCopies(ownClass: abstract new (...parts: never) => object, name: string) {
  const mark = Symbol.for(`guarded-completion/${name}`);
  Object.defineProperty(ownClass.prototype, mark, { value: true });
  Object.defineProperty(ownClass, Symbol.hasInstance, {
    value(this: unknown, value: unknown): boolean {
      // A class that extends this one has its own instances.
      if (this !== ownClass) return Function.prototype[Symbol.hasInstance].call(this, value);
      return typeof value === 'object' && value !== null && mark in value;
    },
  });
}
