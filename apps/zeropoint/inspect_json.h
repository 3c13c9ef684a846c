// An Inspection as JSON for programs. The keys are an interface: they are added to, never renamed.
#pragma once

#include <string>

#include "zeropoint/evaluate/inspect.h"

namespace zp::app {

// One object, indented, with a newline at its end:
//
//   model, runtime         the file; whose execution is predicted
//   ir_version, opsets     {domain: version} of the operators in use, "" for ONNX's own
//   producer, metadata     as the model says; metadata: keys that begin with "zeropoint.", no plan
//   size                   bytes of the model with its external data
//   constants              bytes: {float, int8, below_8_bits, int16, int32, other}
//   operators              {operator: how many nodes}
//   quantized, bodies      whether anything is quantized; whether there are If, Loop or Scan
//   bodies,
//                          into which nobody looked
//   macs                   {weights, activations, recurrent}: {all, written_int8, predicted_int8,
//                          predicted_weight_only}, for one sample where the batch is open
//   macs_unknown           nodes whose shapes are not known
//   nodes                  a list, in the graph's order, of
//     node, name, op_type  its number among the model's nodes
//     execution            int8, weight-only, absorbed, elementwise, constant, float or refused
//     as, reason           what is executed instead; why not in integers
//     macs, macs_kind, written_int8
//                          where it multiplies and accumulates
//   activations            a list of {tensor, SCALES, min, max}
//   weights                a list of {tensor, nodes, SCALES, elements, channels, codes_used, codes,
//                          saturated, saturating_channels}; the last null where it does not apply
//   biases                 a list of {tensor, node, elements, large, scale_error}
//   traps                  a list of {trap, where, detail}
//
// SCALES: type, granularity (per tensor, per channel, blocked), axis, block_size, scales (how
// many), lowest_scale, highest_scale, lowest_zero_point, highest_zero_point. JSON has no infinities
// and no NaN: in their place stand the strings "inf", "-inf", "nan".
std::string to_json(const Inspection& inspection);

}  // namespace zp::app
