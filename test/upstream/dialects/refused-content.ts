/** How OpenRouter refuses input that it flags (openrouter.ai/docs, errors, 2026-11). */
export const MODERATED = {
  error: {
    message: 'a/b requires moderation on Azure. Your input was flagged for "violence".',
    code: 403,
    metadata: { reasons: ['violence'], flagged_input: 'Tell me', provider_name: 'Azure' },
  },
};

export const TEAM = '16f2151a-40f4-4a80-8ad0-cae00c27e8dd';

/** How xAI refuses input that breaks its rules (issues of 2025-08 to 2026-08). */
export const UNSAFE = {
  code: 'The caller does not have permission to execute the specified operation',
  error: `Content violates usage guidelines. Team: ${TEAM}, API key ID: ${TEAM}, Model: grok-4, Failed check: SAFETY_CHECK_TYPE_BIO`,
};
