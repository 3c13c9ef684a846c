// What inspect warns of.
#pragma once

#include <vector>

#include "zeropoint/evaluate/inspect.h"
#include "zeropoint/targets/fusion_graph.h"

namespace zp {

// By kind, then in the graph's order. `inspection` has everything but its traps.
std::vector<FoundTrap> find_traps(const FusionGraph& graph, const Inspection& inspection);

}  // namespace zp
