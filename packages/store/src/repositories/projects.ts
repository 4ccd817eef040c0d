import type { Projects } from '../contract.js';
import type { Db } from '../db.js';
import { limitProject, listProjects, unlimitProject } from '../sql/projects.js';
import { changed, rows } from '../statement.js';

export function projectRepository({ pool }: Db): Projects {
  return {
    list: () => rows(pool, listProjects),
    limit: async (project, maxParallel) => {
      if (maxParallel === null) await changed(pool, unlimitProject, [project]);
      else await changed(pool, limitProject, [project, maxParallel]);
    },
  };
}
