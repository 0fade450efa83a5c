import { fileURLToPath } from 'node:url';
import ts from 'typescript';

const SDK = fileURLToPath(new URL('../../node_modules/openai/resources/', import.meta.url));

/** A field of a request as the types of the official SDK have it. */
export interface SdkField {
  /** Below the body: `tools.0.function.strict`. */
  readonly path: string;
  readonly isNullable: boolean;
  /** A small body without the field, and one in which it has a value or `null`. */
  without(): object;
  with(value: unknown): object;
  /** A value of its type. */
  readonly sample: unknown;
}

type Embed = (value: unknown) => object;

/** Texts that must have a form, by the name of their field. */
type Texts = Readonly<Record<string, string>>;

const isNullish = ({ flags }: ts.Type) =>
  (flags & (ts.TypeFlags.Null | ts.TypeFlags.Undefined)) !== 0;

/** Reads the types of requests from the declarations of the installed `openai` package. */
export class SdkTypes {
  readonly #program: ts.Program;
  readonly #checker: ts.TypeChecker;
  readonly #texts: Texts;

  constructor(files: readonly string[], texts: Texts) {
    this.#program = ts.createProgram(
      files.map((file) => `${SDK}${file}.d.ts`),
      {
        strict: true,
        skipLibCheck: true,
        types: [],
        lib: ['lib.es2022.d.ts'],
        module: ts.ModuleKind.NodeNext,
        moduleResolution: ts.ModuleResolutionKind.NodeNext,
      },
    );
    this.#checker = this.#program.getTypeChecker();
    this.#texts = texts;
  }

  /** Every field at every depth of the type `name` of a file, each type once. */
  fieldsOf(file: string, name: string): SdkField[] {
    const found: SdkField[] = [];
    this.#walk(this.#typeNamed(file, name), '', (value) => Object(value), new Set(), found);
    return found;
  }

  #typeNamed(file: string, name: string): ts.Type {
    const source = this.#program.getSourceFile(`${SDK}${file}.d.ts`);
    const module = source && this.#checker.getSymbolAtLocation(source);
    const symbol = module && this.#checker.getExportsOfModule(module).find((s) => s.name === name);
    if (symbol === undefined) throw new Error(`${file} has no ${name}`);
    return this.#checker.getDeclaredTypeOfSymbol(symbol);
  }

  #walk(type: ts.Type, path: string, embed: Embed, seen: Set<ts.Type>, found: SdkField[]): void {
    for (const member of this.#membersOf(type)) {
      const element = this.#elementOf(member);
      if (element !== undefined) {
        this.#walk(element, `${path}0.`, (value) => embed([value]), seen, found);
      } else if (isRecord(member) && !seen.has(member)) {
        seen.add(member);
        this.#fields(member, path, embed, seen, found);
      }
    }
  }

  #fields(type: ts.Type, path: string, embed: Embed, seen: Set<ts.Type>, found: SdkField[]): void {
    const base = Object(this.#sample(type, '')) as Record<string, unknown>;
    for (const property of type.getProperties()) {
      const { name } = property;
      const its = this.#checker.getTypeOfSymbol(property);
      const { [name]: _, ...others } = base;
      const put: Embed = (value) => embed({ ...others, [name]: value });
      found.push({
        path: path + name,
        isNullable: this.#allOf(its).some(({ flags }) => (flags & ts.TypeFlags.Null) !== 0),
        without: () => embed(isOptional(property) ? others : base),
        with: put,
        sample: this.#sample(its, name),
      });
      this.#walk(its, `${path}${name}.`, put, seen, found);
    }
  }

  #allOf(type: ts.Type): readonly ts.Type[] {
    return type.isUnion() ? type.types : [type];
  }

  #membersOf(type: ts.Type): readonly ts.Type[] {
    return this.#allOf(type).filter((member) => !isNullish(member));
  }

  #elementOf(type: ts.Type): ts.Type | undefined {
    return this.#checker.isArrayType(type)
      ? this.#checker.getTypeArguments(type as ts.TypeReference)[0]
      : undefined;
  }

  /** The smallest value of a type. */
  #sample(type: ts.Type, name: string): unknown {
    const [first] = this.#membersOf(type);
    if (first === undefined) return null;
    const text = this.#texts[name];
    if (text !== undefined && !isRecord(first)) return text;
    if (first.isIntersection()) return 'x';
    if (first.isStringLiteral() || first.isNumberLiteral()) return first.value;
    if (first.flags & ts.TypeFlags.StringLike) return 'x';
    if (first.flags & ts.TypeFlags.NumberLike) return 1;
    if (first.flags & ts.TypeFlags.BooleanLike) return false;
    const element = this.#elementOf(first);
    if (element !== undefined) return [this.#sample(element, name)];
    const required = first.getProperties().filter((property) => !isOptional(property));
    return Object.fromEntries(
      required.map((property) => [
        property.name,
        this.#sample(this.#checker.getTypeOfSymbol(property), property.name),
      ]),
    );
  }
}

const isRecord = (type: ts.Type) => (type.flags & ts.TypeFlags.Object) !== 0;
const isOptional = ({ flags }: ts.Symbol) => (flags & ts.SymbolFlags.Optional) !== 0;
