#pragma once
#include <cstdint>
#include <functional>

namespace trawl {

/** work(first, last) over images 0..n, in threads where that many values are worth waking them. */
void share(int64_t n, int64_t values, const std::function<void(int64_t, int64_t)>& work);

}  // namespace trawl
