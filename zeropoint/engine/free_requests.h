// Lends the requests of an engine to threads.
#pragma once

#include <mutex>
#include <vector>

namespace zp {

// The requests that no thread is using.
class FreeRequests {
 public:
  explicit FreeRequests(int count) {
    for (int i = count - 1; i >= 0; --i) free_.push_back(i);
  }
  // There is one: no more threads ask than there are requests.
  int take() {
    const std::lock_guard lock(mutex_);
    const int request = free_.back();
    free_.pop_back();
    return request;
  }
  void give_back(int request) {
    const std::lock_guard lock(mutex_);
    free_.push_back(request);
  }

 private:
  std::mutex mutex_;
  std::vector<int> free_;
};

}  // namespace zp
