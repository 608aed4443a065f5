import { defineEntity, p, type InferEntity } from '@mikro-orm/core';

/**
 * What people manage, as MikroORM sees it. The tables are made by the migrations; nothing is generated from here.
 * Definitions and settings are JSON kept as text: the order of keys matters to n8n, and jsonb would lose it.
 */
export const WorkflowEntity = defineEntity({
  name: 'Workflow',
  tableName: 'workflow',
  schema: 'troupe',
  properties: {
    id: p.text().primary(),
    name: p.text(),
    active: p.boolean(),
    /** The newest version. */
    version: p.integer(),
    /** The version that triggers start; null while inactive. */
    activeVersion: p.integer().nullable(),
    tags: p.array(),
    /** Order of creation; what list cursors point at. */
    position: p.bigint('number').autoincrement().persist(false),
    createdAt: p.datetime(),
    updatedAt: p.datetime(),
  },
});

export const WorkflowVersionEntity = defineEntity({
  name: 'WorkflowVersion',
  tableName: 'workflow_version',
  schema: 'troupe',
  properties: {
    workflowId: p.text().primary(),
    version: p.integer().primary(),
    definition: p.text(),
    createdAt: p.datetime(),
  },
});

export const UserEntity = defineEntity({
  name: 'User',
  tableName: 'user',
  schema: 'troupe',
  properties: {
    id: p.uuid().primary(),
    email: p.text(),
    role: p.text(),
    passwordHash: p.text(),
    createdAt: p.datetime(),
    updatedAt: p.datetime(),
  },
});

export const ApiKeyEntity = defineEntity({
  name: 'ApiKey',
  tableName: 'api_key',
  schema: 'troupe',
  properties: {
    id: p.uuid().primary(),
    userId: p.uuid(),
    label: p.text(),
    sha256: p.text(),
    scopes: p.array(),
    createdAt: p.datetime(),
    lastUsedAt: p.datetime().nullable(),
    expiresAt: p.datetime().nullable(),
  },
});

export const SettingEntity = defineEntity({
  name: 'Setting',
  tableName: 'setting',
  schema: 'troupe',
  properties: {
    key: p.text().primary(),
    value: p.text(),
    updatedAt: p.datetime(),
  },
});

/** All of them; given to MikroORM explicitly, so that nothing is searched for at the start. */
export const ENTITIES = [WorkflowEntity, WorkflowVersionEntity, UserEntity, ApiKeyEntity, SettingEntity];

export type WorkflowRow = InferEntity<typeof WorkflowEntity>;
export type WorkflowVersionRow = InferEntity<typeof WorkflowVersionEntity>;
export type UserRow = InferEntity<typeof UserEntity>;
export type ApiKeyRow = InferEntity<typeof ApiKeyEntity>;
export type SettingRow = InferEntity<typeof SettingEntity>;
