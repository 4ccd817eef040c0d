"""A grid of 64 cells by Optuna's GridSampler on a Postgres, as its docs advise: URL, processes, how many to kill -9. Prints JSON."""

import json
import multiprocessing
import os
import random
import signal
import sys
import time

import optuna

optuna.logging.set_verbosity(optuna.logging.ERROR)
GRID = {"alpha": [1, 2, 3, 4], "beta": [1, 2, 3, 4], "delta": [1, 2, 3, 4]}
CELLS = 64


def objective(trial):
    point = [trial.suggest_categorical(name, values) for name, values in GRID.items()]
    time.sleep(random.uniform(0.05, 0.15))
    return sum(point)


def work(url, name):
    study = optuna.load_study(study_name=name, storage=url, sampler=optuna.samplers.GridSampler(GRID, seed=1))
    study.optimize(objective)


def main():
    url, processes, killed = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    name = f"grid-{processes}-{killed}"
    study = optuna.create_study(study_name=name, storage=url)
    workers = [multiprocessing.Process(target=work, args=(url, name)) for _ in range(processes)]
    for worker in workers:
        worker.start()
    if killed > 0:
        while len(study.get_trials(deepcopy=False)) < CELLS // 3:
            time.sleep(0.05)
        for worker in workers[:killed]:
            os.kill(worker.pid, signal.SIGKILL)
    for worker in workers:
        worker.join()
    trials = study.get_trials(deepcopy=False)
    done = [trial for trial in trials if trial.state == optuna.trial.TrialState.COMPLETE]
    cells = {tuple(sorted(trial.params.items())) for trial in done}
    stuck = sum(trial.state == optuna.trial.TrialState.RUNNING for trial in trials)
    print(json.dumps({"runs": len(trials), "extra": len(done) - len(cells), "stuck": stuck, "missing": CELLS - len(cells)}))


if __name__ == "__main__":
    main()
