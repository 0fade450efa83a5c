import * as z from 'zod';

/** The fields of one options object, each with its schema and its docstring. */
export type OptionShape = Readonly<Record<string, z.ZodType>>;

type Omissible = { readonly _zod: { readonly optin: 'optional' | 'defaulted' } };

/**
 * The options of `Shape` that must be given. An options type is written once, as its shape, and named by
 * `interface Spec extends RequiredOptions<typeof shape>, OptionalOptions<typeof shape> {}`. Both are mapped
 * over the shape, so an editor shows the docstrings of its fields. Two bases, because TypeScript names an
 * interface with one base and no field of its own by that base in its errors.
 */
export type RequiredOptions<Shape extends OptionShape> = {
  readonly [Name in keyof Shape as Shape[Name] extends Omissible ? never : Name]: z.input<
    Shape[Name]
  >;
};

/**
 * The options of `Shape` that may be left out. `undefined` is not the same as left out, unless the schema
 * before `.optional()` accepts it.
 */
export type OptionalOptions<Shape extends OptionShape> = {
  readonly [Name in keyof Shape as Shape[Name] extends Omissible
    ? Name
    : never]?: Shape[Name] extends z.ZodOptional<infer Given extends z.ZodType>
    ? z.input<Given>
    : Exclude<z.input<Shape[Name]>, undefined>;
};

/** One option of `Shape` with a type that depends on others. `Partial` of it may be left out. */
export type TypedOption<Shape extends OptionShape, Option extends keyof Shape, Type> = {
  readonly [Name in keyof Pick<Shape, Option>]: Type;
};

/** The options of `Shape` as they are after parsing, with their defaults. */
export type ParsedOptions<Shape extends OptionShape> = Readonly<z.output<z.ZodObject<Shape>>>;

/** The options of `Shape`, as a developer writes them. */
type WrittenOptions<Shape extends OptionShape> = RequiredOptions<Shape> & OptionalOptions<Shape>;

/**
 * The schema of the options whose fields are `shape`; unknown fields are errors. Annotate it with the
 * names of its types, `z.ZodType<Parsed, Spec>`: the compiler checks that they fit, and shows only them.
 */
export function optionsSchema<Shape extends OptionShape>(
  shape: Shape,
): z.ZodType<ParsedOptions<Shape>, WrittenOptions<Shape>> {
  // Alone zod would also take `undefined` for what may be left out.
  return z.strictObject(shape) as unknown as z.ZodType<ParsedOptions<Shape>, WrittenOptions<Shape>>;
}

/** A secret, often from an environment variable; one that is not set is an error at start. */
export function secretText(
  isGood: (text: string) => boolean,
  error: string,
): z.ZodType<string, string | undefined> {
  return z
    .custom<string | undefined>((value) => typeof value === 'string' && isGood(value), error)
    .transform(String);
}

type Callable = (...args: never[]) => unknown;

const isCallable = (value: unknown): value is Callable => typeof value === 'function';

/** A function of the developer's; taken as it is. */
export function callback<Fn extends Callable>(): z.ZodCustom<Fn, Fn> {
  return z.custom<Fn>(isCallable, 'must be a function');
}

/** An object of the developer's that has these methods; taken as it is, not copied. */
export function objectWith<T extends object>(
  methods: readonly (string & keyof T)[],
  error: string | ((input: unknown) => string),
): z.ZodCustom<T, T> {
  const worded =
    typeof error === 'string' ? error : ({ input }: { input?: unknown }) => error(input);
  return z.custom<T>(
    (value) => {
      const fields = Object(value) as Readonly<Record<string, unknown>>;
      return methods.every((method) => isCallable(fields[method]));
    },
    { error: worded },
  );
}
