import { z } from 'zod';
import { ProjectName } from './sweepSpec.js';

/** What an API key may do; each may do what those before it may. */
export const SCOPES = ['read', 'submit', 'admin'] as const;
export type Scope = (typeof SCOPES)[number];

export const allows = (held: Scope, needed: Scope): boolean => SCOPES.indexOf(held) >= SCOPES.indexOf(needed);

const time = z.iso.datetime({ offset: true });

export const KeyView = z.object({
  id: z.string(),
  name: z.string(),
  scope: z.enum(SCOPES),
  /** It sees and makes only what is this project's; null is bound to none. */
  project: z.string().nullable(),
  createdAt: time,
  expiresAt: time.nullable(),
  revokedAt: time.nullable(),
  /** To within some minutes. */
  lastUsedAt: time.nullable(),
});
export type KeyView = z.infer<typeof KeyView>;

export const NewKeyBody = z.strictObject({
  name: z.string().trim().min(1).max(100).meta({ description: 'Whose key it is, as events will name it' }),
  scope: z
    .enum(SCOPES)
    .meta({ description: 'read: look; submit: also train and control; admin: also delete, and keys' }),
  project: ProjectName.optional().meta({
    description: "Sees and makes only what is this project's; absent: everything",
  }),
  expiresDays: z
    .int()
    .min(1)
    .max(36_500)
    .optional()
    .meta({ description: 'Works for so many days; absent: until revoked' }),
});
export type NewKeyBody = z.infer<typeof NewKeyBody>;

/** The key of a request. */
export const SelfView = KeyView.pick({ name: true, scope: true, project: true }).extend({
  /** null where the service asks for no key. */
  id: z.string().nullable(),
});
export type SelfView = z.infer<typeof SelfView>;

/** The only answer that ever holds a key. */
export const CreatedKey = KeyView.extend({ key: z.string() });
export type CreatedKey = z.infer<typeof CreatedKey>;

/** Something that was done by way of the API, and who did it. */
export const AuditView = z.object({
  id: z.string(),
  at: time,
  /** Name of the key; `anonymous` where the service asks for none. */
  by: z.string(),
  keyId: z.string().nullable(),
  /** As `POST /v1/sweeps/:id/cancel`. */
  action: z.string(),
  /** Id of what it was done to. */
  target: z.string().nullable(),
  /** What was asked for, where it is short. */
  detail: z.json().nullable(),
});
export type AuditView = z.infer<typeof AuditView>;
