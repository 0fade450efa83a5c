import type { Denial } from '../../core/denial.ts';
import type { AnswerDescriptor, StreamProtocol } from '../answer/stream-protocol.ts';
import type { RequestDescriptor } from '../request/request-descriptor.ts';

/**
 * Everything that the product knows about one endpoint. Nothing is decided by `name`: plans, events and
 * denials only report it.
 */
export type Descriptor = UpstreamDescriptor | OwnDescriptor;

/** What every endpoint has. */
interface EndpointHead {
  readonly name: string;
  readonly method: 'GET' | 'POST';
  /** Below the base URL, as it is sent. `{model}` stands for one segment. */
  readonly path: `/${string}`;
  /** Query parameters that clients send, and that change nothing here. They are not sent on. */
  readonly ignoredQuery?: readonly string[];
}

/** An endpoint that OpenAI answers. */
export interface UpstreamDescriptor extends EndpointHead, RequestDescriptor, AnswerDescriptor {
  readonly answer?: undefined;
  readonly stream?: StreamProtocol;
  /** Where OpenAI reads the end-user id. */
  readonly endUserId?: EndUserIdPlace;
  /** A model reads text or images of the user in its body, so that they can be moderated. */
  readonly readsPrompt?: true;
}

interface EndUserIdPlace {
  readonly field?: 'safety_identifier' | 'user';
  readonly header?: 'openai-safety-identifier';
}

/** An endpoint that the guard answers itself, from the plan. */
export interface OwnDescriptor extends EndpointHead {
  /** Returns the JSON of the answer, or a denial. */
  readonly answer: (models: AllowedModels, params: PathParams) => unknown;
}

/** The models that a caller may use. */
export interface AllowedModels {
  /** All that are known, by name. A model that is allowed may not be known. */
  readonly known: ReadonlyMap<
    string,
    { readonly createdAt?: number | undefined; readonly owner?: string }
  >;
  readonly allows: (model: string) => boolean;
  /** Why a model is not allowed. */
  readonly denialFor: (model: string) => Denial;
}

/** The segments of a path that its template leaves open, by their names in the template. */
export type PathParams = Readonly<Record<string, string>>;
