// Values looked at while a model runs.
//
// A Watch is an operator of our own that hands its input to whoever runs the model and gives
// nothing of use. Compared with an output, the value needs no memory of its own beyond the run of
// the layers around it, and it is still in the cache.
#pragma once

#include <memory>
#include <openvino/core/model.hpp>
#include <string>
#include <utility>
#include <vector>

#include "zeropoint/base/error.h"
#include "zeropoint/engine/engine.h"

namespace zp {

// Who watches the requests of an engine, and what came of it.
class WatchBoard {
 public:
  explicit WatchBoard(int requests) : watching_(static_cast<size_t>(requests)) {}

  // For the next run of the request; nullptr: nobody.
  void begin(size_t request, const Watcher* watcher) { watching_[request] = {watcher, {}}; }
  // The first error of the watcher in that run. After an error it is not asked again.
  Status end(size_t request) { return std::exchange(watching_[request], {}).status; }
  void show(size_t request, size_t value, const OutputView& view);

 private:
  struct Watching {
    const Watcher* watcher = nullptr;
    Status status;
  };
  std::vector<Watching> watching_;
};

// Adds a Watch of each value to the model, as further outputs, and a further input, int32 [1], that
// takes the number of the request.
void add_watches(ov::Model& model,
                 const std::vector<std::pair<std::string, ov::Output<ov::Node>>>& values,
                 const std::shared_ptr<WatchBoard>& board);

}  // namespace zp
