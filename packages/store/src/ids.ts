import { validate, v7 } from 'uuid';

/** Ids rise with time, so that ordering by id is ordering by age. */
export const newId = (): string => v7();

/** Ids come from URLs: one that is no uuid names nothing, rather than being an error of Postgres. */
export const isId = (id: string): boolean => validate(id);
