"""Runs of Optuna that do nothing, or sleep, on a Postgres: URL, runs, processes, seconds a run. Prints JSON."""

import json
import multiprocessing
import sys
import time

import optuna

optuna.logging.set_verbosity(optuna.logging.ERROR)


def objective(trial, seconds):
    x = trial.suggest_float("x", 0, 1)
    time.sleep(seconds)
    return x


def work(url, runs, seconds):
    study = optuna.load_study(study_name="noop", storage=url)
    cap = optuna.study.MaxTrialsCallback(runs, states=None)
    study.optimize(lambda trial: objective(trial, seconds), callbacks=[cap])


def main():
    url, runs, processes, seconds = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4])
    optuna.create_study(study_name="noop", storage=url, sampler=optuna.samplers.RandomSampler(seed=1))
    workers = [multiprocessing.Process(target=work, args=(url, runs, seconds)) for _ in range(processes)]
    began = time.monotonic()
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    wall = time.monotonic() - began
    done = len(optuna.load_study(study_name="noop", storage=url).trials)
    print(json.dumps({"runs": done, "wallSeconds": round(wall, 2), "runsPerSecond": round(done / wall, 1)}))


if __name__ == "__main__":
    main()
