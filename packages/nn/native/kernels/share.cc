#include "share.h"

#include <algorithm>
#include <condition_variable>
#include <cstdlib>
#include <mutex>
#include <thread>

namespace trawl {

namespace {

/** As many threads as TensorFlow was told to take. */
int64_t mostThreads() {
  static const int64_t threads = [] {
    const char* told = std::getenv("TF_NUM_INTRAOP_THREADS");
    const int64_t number = told ? std::atoi(told) : 0;
    return number > 0 ? number : std::max<int64_t>(1, std::thread::hardware_concurrency());
  }();
  return threads;
}

/** Threads that wait for work: to start and join three of them takes longer than a small image. */
class Helpers {
 public:
  /** Calls work(1) to work(count) in threads of their own and work(0) in this one. One caller at a time. */
  void run(int64_t count, const std::function<void(int64_t)>& work) {
    std::lock_guard<std::mutex> alone(callers_);
    {
      std::lock_guard<std::mutex> lock(mutex_);
      while (started_ < count) std::thread(&Helpers::serve, this, ++started_).detach();
      work_ = &work;
      count_ = left_ = count;
      round_++;
    }
    begin_.notify_all();
    work(0);
    std::unique_lock<std::mutex> lock(mutex_);
    end_.wait(lock, [this] { return left_ == 0; });
  }

 private:
  void serve(int64_t self) {
    uint64_t seen = 0;
    std::unique_lock<std::mutex> lock(mutex_);
    for (;;) {
      begin_.wait(lock, [&] { return round_ != seen; });
      seen = round_;
      if (self > count_) continue;
      const auto* work = work_;
      lock.unlock();
      (*work)(self);
      lock.lock();
      if (--left_ == 0) end_.notify_one();
    }
  }

  std::mutex callers_, mutex_;
  std::condition_variable begin_, end_;
  const std::function<void(int64_t)>* work_ = nullptr;
  int64_t started_ = 0, count_ = 0, left_ = 0;
  uint64_t round_ = 0;
};

/** Never destroyed: its threads wait on it until the process is gone. */
Helpers& helpers() {
  static Helpers* const all = new Helpers();
  return *all;
}

}  // namespace

void share(int64_t n, int64_t values, const std::function<void(int64_t, int64_t)>& work) {
  constexpr int64_t WORTH = 1 << 16;
  const int64_t threads = std::max<int64_t>(1, std::min({mostThreads(), n, values / WORTH}));
  if (threads == 1) return work(0, n);
  helpers().run(threads - 1, [&](int64_t i) { work(n * i / threads, n * (i + 1) / threads); });
}

}  // namespace trawl
