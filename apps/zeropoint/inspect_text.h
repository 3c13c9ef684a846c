// An Inspection for people.
#pragma once

#include <string>

#include "zeropoint/evaluate/inspect.h"

namespace zp::app {

enum class Detail {
  kSummary,     // lists are cut short
  kEverything,  // with tables of all nodes, weights and activations
};

std::string to_text(const Inspection& inspection, Detail detail);

}  // namespace zp::app
