/** The `error` of one of OpenAI's refusals. */
export interface PlainError {
  readonly message: string;
  readonly type: string;
  readonly param: string | null;
  readonly code: string | null;
}

/** Returns the body in which a host says an error. */
export type HostErrorForm = (status: number, error: PlainError) => object;

export const wrapped: HostErrorForm = (_status, error) => ({ error });

/** Mistral: flat, and a validation as a list inside the message. */
export const flat: HostErrorForm = (status, { message, type, param, code }) =>
  status === 422
    ? {
        object: 'error',
        message: { detail: [{ type: 'extra_forbidden', loc: ['body', param], msg: message }] },
        type,
        param: null,
        code,
      }
    : { object: 'error', message, type, param, code };

/** Gemini: a list. */
export const listed: HostErrorForm = (status, { message }) => [
  { error: { code: status, message, status: 'INVALID_ARGUMENT' } },
];

/** xAI: a code beside a text. */
export const asText: HostErrorForm = (_status, { message, type }) => ({
  code: type,
  error: message,
});

/** vLLM, OpenRouter: the status as the code. */
export const numbered: HostErrorForm = (status, { message, type, param }) => ({
  error: { message, type, param, code: status },
});
