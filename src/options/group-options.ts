import * as z from 'zod';
import {
  callback,
  type OptionalOptions,
  optionsSchema,
  type ParsedOptions,
  type RequiredOptions,
  type TypedOption,
} from '../base/option-schema.ts';
import { parseOrThrow } from '../base/parse-or-throw.ts';
import { groupKind } from '../core/group.ts';
import { type GroupKind, GroupKinds } from '../groups/group-kinds.ts';
import type { GroupsOf } from '../groups/user-groups.ts';
import { type LimitSpec, limitSpecs, type Per } from '../plans/limit-spec.ts';
import type { ModelList } from '../plans/model-list.ts';
import { limitsAllowing, refuseFunctions } from '../plans/parse-limits.ts';

/** The options in whose types the windows of limits are. */
const limitsShape = {
  /** The limits of each group of this kind, which its members share. All apply at once, beside those of the
   * members' own plans. An `anchor` cannot be a function here.
   * @default [] */
  limits: limitSpecs.default([]),
};

const groupKindShape = {
  /** Shows the members what is left of these limits, in denials and in `users.usage`. Without it, a denial names
   * only the kind of the group.
   * @default false */
  showFigures: z.boolean().default(false),
};

/** A kind of groups: the limits that the members of each such group share. */
export interface GroupKindSpec<Window extends string = Per>
  extends RequiredOptions<typeof groupKindShape>,
    OptionalOptions<typeof groupKindShape>,
    Partial<TypedOption<typeof limitsShape, 'limits', readonly LimitSpec<Window>[]>> {}

interface ParsedKind
  extends ParsedOptions<typeof groupKindShape>,
    ParsedOptions<typeof limitsShape> {}

const kind: z.ZodType<ParsedKind, GroupKindSpec> = optionsSchema({
  ...limitsShape,
  ...groupKindShape,
});

/** The options about groups. */
export const groupsShape = {
  /** The kinds of groups that users can be in, by name, from narrow to wide: `{ team: { limits: […] }, org: { … } }`.
   * A user is in at most one group of each kind, and in at most 4 groups.
   * @default {} */
  groups: z
    .record(z.string(), kind, {
      error:
        'must be an object of kinds of groups, such as { team: { limits: [{ usd: 100, per: "month" }] } }',
    })
    .readonly()
    .default({}),
  /** Returns the groups of a user: `[{ kind: 'team', id: 't1' }]`, or `undefined` for none. Called at each call; a
   * promise is cached for `planTtl`. Groups set with `guard.users.setGroups` take precedence. Without it, a user has
   * `user.groups` of their credential. A client cannot name a group. */
  groupsOf: callback<GroupsOf>().optional(),
};

/** The options about groups, as a developer writes them. */
export interface GroupOptions<Window extends string = Per>
  extends OptionalOptions<Pick<typeof groupsShape, 'groupsOf'>>,
    Partial<
      TypedOption<typeof groupsShape, 'groups', Readonly<Record<string, GroupKindSpec<Window>>>>
    > {}

/** The kinds of the options, parsed once. `TypeError` names the field that is wrong. `models`: what each plan
 * allows. */
export function parseGroupKinds(
  { groups, groupsOf }: ParsedOptions<typeof groupsShape>,
  models: readonly ModelList[],
): GroupKinds {
  const kinds = Object.entries(groups).map(([name, spec]) => parseKind(name, spec, models));
  if (groupsOf === undefined || kinds.length > 0) return new GroupKinds(kinds);
  throw new TypeError('"options.groupsOf" needs the option "groups", with a kind of groups');
}

function parseKind(
  name: string,
  { limits, showFigures: showsFigures }: ParsedKind,
  models: readonly ModelList[],
): GroupKind {
  parseOrThrow(groupKind, name, `options.groups.${name}`);
  const path = `options.groups.${name}.limits`;
  const parsed = limitsAllowing(models)(limits, path);
  refuseFunctions(limits, path, 'the members of a group share its windows');
  return { name, limits: parsed, showsFigures };
}
