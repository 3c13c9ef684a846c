#include "zeropoint/tuning/channel_scales.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <optional>
#include <unordered_map>
#include <unordered_set>

#include "zeropoint/graph/attributes.h"
#include "zeropoint/graph/edit.h"
#include "zeropoint/graph/graph_index.h"
#include "zeropoint/passes/channel_flow.h"
#include "zeropoint/passes/linear_op.h"
#include "zeropoint/plan/planned_codes.h"

namespace zp {
namespace {

constexpr int kExponents = 11;  // a = 0, 0.1, ... 1
constexpr double kSteps = 255;

// Sets of numbers 0 .. n - 1 that are merged.
class UnionFind {
 public:
  size_t add() {
    parents_.push_back(parents_.size());
    return parents_.back();
  }
  size_t find(size_t i) {
    while (parents_[i] != i) i = parents_[i] = parents_[parents_[i]];
    return i;
  }
  void unite(size_t a, size_t b) {
    a = find(a);
    b = find(b);
    parents_[std::max(a, b)] = std::min(a, b);
  }

 private:
  std::vector<size_t> parents_;
};

// A tensor with channels; `first` is the number of its channel 0 among all channels.
struct Member {
  std::string tensor;
  Channels channels;
  size_t first = 0;
  size_t number = 0;  // among the members
};

// A node in integers that reads a member through constant weights.
struct Reader {
  int node = 0;
  const Member* data = nullptr;
  bool depthwise = false;
  // Of the weights that meet each channel: [filter][channel of its group], the largest magnitude
  // and the sum of squares.
  size_t filters = 0;
  size_t in_group = 0;
  double taps = 1;                    // weights of a filter that meet one channel
  std::vector<size_t> first_channel;  // of each filter
  std::vector<double> largest;
  std::vector<double> squares;
  std::vector<double> mean_square;  // of the data, a channel
};

// Low and high end of a channel.
struct Ends {
  double low = 0;
  double high = 0;
};

class Chooser {
 public:
  Chooser(const Model& model, const Plan& plan, const std::map<std::string, Observer>& observers,
          const ChannelScaleOptions& options, ChannelFlow flow)
      : model_(model),
        graph_(model.graph()),
        index_(graph_),
        plan_(plan),
        observers_(observers),
        options_(options),
        flow_(std::move(flow)) {
    for (const auto& node : plan.nodes) {
      if (node.quantized) quantized_.insert(node.node);
    }
  }

  Result<std::vector<ChannelScaleChoice>> run() {
    find_members();
    find_reaching();
    std::map<size_t, std::vector<const Member*>> components;
    for (const Member& member : members_)
      components[tensors_.find(member.number)].push_back(&member);
    std::vector<ChannelScaleChoice> choices;
    for (const auto& [unused, component] : components) {
      ZP_ASSIGN_OR_RETURN(auto choice, choose(component));
      if (choice) choices.push_back(*std::move(choice));
    }
    return choices;
  }

 private:
  bool is_quantized(int node) const { return quantized_.contains(graph_.node(node).name()); }

  void find_members() {
    const auto add = [&](const std::string& tensor) {
      const auto channels = flow_.channels(tensor);
      if (!channels || numbers_.contains(tensor)) return;
      Member member{tensor, *channels, 0, members_.size()};
      for (int64_t c = 0; c < channels->count; ++c) {
        const size_t number = classes_.add();
        if (c == 0) member.first = number;
      }
      tensors_.add();
      numbers_.emplace(tensor, members_.size());
      members_.push_back(std::move(member));
    };
    for (const auto& input : graph_.input()) add(input.name());
    for (const auto& node : graph_.node()) {
      for (const auto& output : node.output()) add(output);
    }
    for (int i = 0; i < graph_.node_size(); ++i) {
      const auto& parts = flow_.parts(i);
      if (parts.empty()) continue;
      const Member& whole = members_[numbers_.at(parts.back().value)];
      for (const auto& part : parts) {
        const Member& member = members_[numbers_.at(part.value)];
        tensors_.unite(member.number, whole.number);
        for (int64_t c = 0; c < member.channels.count; ++c) {
          classes_.unite(member.first + static_cast<size_t>(c),
                         whole.first + static_cast<size_t>(part.first + c));
        }
      }
    }
  }

  // Tensors from which a weighted node in integers is reached.
  void find_reaching() {
    for (int i = graph_.node_size() - 1; i >= 0; --i) {
      const auto& node = graph_.node(i);
      const bool weighted =
          is_quantized(i) && node.input_size() > 1 && index_.constant(node.input(1));
      const bool reaches = std::ranges::any_of(
          node.output(), [&](const auto& output) { return reaching_.contains(output); });
      if (weighted) reaching_.insert(node.input(0));
      if (!reaches) continue;
      for (const auto& input : node.input()) reaching_.insert(input);
    }
  }

  const ActivationPlan* activation(const Member& member) const {
    const ActivationPlan* found = find_activation(plan_, member.tensor);
    return found && found->params.type.bits() == 8 ? found : nullptr;
  }

  // The number of Mul nodes that a rescaled tensor takes; nothing where a node in integers would
  // lose its codes by it.
  std::optional<int> multiplications(const Member& member) const {
    const int producer = index_.producer(member.tensor);
    if (producer < 0) return std::nullopt;  // an input of the model
    const bool made_inside = flow_.is_linear(producer) || !flow_.parts(producer).empty();
    bool read_inside = false;
    bool read_outside = index_.is_graph_output(member.tensor);
    for (const Use& use : index_.uses(member.tensor)) {
      const bool body = use.input == Use::kInBody;
      const bool linear = !body && flow_.is_linear(use.node) && use.input == 0;
      const bool inside = linear || (!body && !flow_.parts(use.node).empty());
      (inside ? read_inside : read_outside) = true;
      if (!inside && !body && is_quantized(use.node)) return std::nullopt;
    }
    if (!made_inside && is_quantized(producer)) return std::nullopt;
    return (made_inside ? read_outside : read_inside) ? 1 : 0;
  }

  // What is known of the channels of a quantized tensor; nothing where that is too little.
  std::optional<std::vector<Ends>> ends_of(const Member& member,
                                           const ActivationPlan& activation) const {
    const auto found = observers_.find(member.tensor);
    if (found == observers_.end()) return std::nullopt;
    const auto channels = found->second.channels();
    if (static_cast<int64_t>(channels.size()) != member.channels.count) return std::nullopt;
    std::vector<Ends> ends;
    for (const Statistics& channel : channels) {
      const auto seen = static_cast<double>(channel.extremes.finite());
      if (seen < static_cast<double>(options_.least_values)) return std::nullopt;
      const double wider = 1 + options_.margin / std::sqrt(seen);
      const double low = std::min(0.0, double{channel.extremes.min});
      const double high = std::max(0.0, double{channel.extremes.max});
      ends.push_back({std::max(low * wider, activation.range.min),
                      std::min(high * wider, activation.range.max)});
    }
    return ends;
  }

  Result<Reader> reader_of(int number, const Member& data) const {
    Reader reader;
    reader.node = number;
    reader.data = &data;
    const auto& node = graph_.node(number);
    ZP_ASSIGN_OR_RETURN(const Tensor weight, model_.read(*index_.constant(node.input(1))));
    ZP_ASSIGN_OR_RETURN(const auto floats, to_floats(weight));
    const auto dims = weight.shape().dims();
    const Filters filters = filters_of(node, dims);
    const bool convolution = is_op(node, "Conv");
    const int64_t groups = convolution ? int_attribute(node, "group", 1) : 1;
    reader.filters = static_cast<size_t>(filters.count);
    reader.in_group = static_cast<size_t>(member_count(data) / groups);
    reader.depthwise = reader.in_group == 1;
    reader.taps = static_cast<double>(filters.length) / static_cast<double>(reader.in_group);
    const size_t filters_in_group = reader.filters / static_cast<size_t>(groups);
    reader.largest.resize(reader.filters * reader.in_group);
    reader.squares.resize(reader.largest.size());
    const auto length = static_cast<size_t>(filters.length);
    for (size_t o = 0; o < reader.filters; ++o) {
      reader.first_channel.push_back(o / filters_in_group * reader.in_group);
      for (size_t k = 0; k < length; ++k) {
        // In pairing order the channel runs fastest.
        const double w = floats[static_cast<size_t>(filters.offsets[o * length + k])];
        const size_t at = o * reader.in_group + k % reader.in_group;
        reader.largest[at] = std::max(reader.largest[at], std::abs(w));
        reader.squares[at] += w * w;
      }
    }
    const auto observer = observers_.find(data.tensor);
    for (int64_t c = 0; c < member_count(data); ++c) {
      double mean_square = 0;
      if (observer != observers_.end()) {
        const auto channels = observer->second.channels();
        const Statistics& statistics = static_cast<int64_t>(channels.size()) == member_count(data)
                                           ? channels[static_cast<size_t>(c)]
                                           : observer->second.statistics();
        const auto seen = static_cast<double>(statistics.extremes.finite());
        if (seen > 0) mean_square = statistics.moments.sum_of_squares.value() / seen;
      }
      reader.mean_square.push_back(mean_square);
    }
    return reader;
  }
  static int64_t member_count(const Member& member) { return member.channels.count; }

  // The factors of one component, by class of channels.
  using Factors = std::unordered_map<size_t, double>;

  double factor(const Factors& factors, const Member& member, size_t channel) {
    return factors.at(classes_.find(member.first + channel));
  }

  // Expected squared error behind the readers.
  double error_of(const std::vector<Reader>& readers, const Factors& factors,
                  const std::map<std::string, double>& steps) {
    double error = 0;
    for (const Reader& reader : readers) {
      const double step = steps.at(reader.data->tensor);
      for (size_t o = 0; o < reader.filters; ++o) {
        double largest = 0;
        double of_data = 0;
        double signal = 0;
        for (size_t k = 0; k < reader.in_group; ++k) {
          const size_t channel = reader.first_channel[o] + k;
          const double r = factor(factors, *reader.data, channel);
          const size_t at = o * reader.in_group + k;
          largest = std::max(largest, reader.largest[at] * r);
          of_data += reader.squares[at] * r * r;
          signal += reader.mean_square[channel] / (r * r);
        }
        const double filter_step = largest / 127;
        error += (of_data * step * step + reader.taps * filter_step * filter_step * signal) / 12;
      }
    }
    return error;
  }

  Result<std::optional<ChannelScaleChoice>> choose(const std::vector<const Member*>& component) {
    ChannelScaleChoice choice;
    std::map<std::string, std::vector<Ends>> ends;
    std::vector<Reader> readers;
    bool reaches = false;
    for (const Member* member : component) {
      const auto more = multiplications(*member);
      if (!more) return std::nullopt;
      choice.multiplications += *more;
      reaches = reaches || reaching_.contains(member->tensor);
      if (const ActivationPlan* quantized = activation(*member)) {
        auto own = ends_of(*member, *quantized);
        if (!own) return std::nullopt;
        ends.emplace(member->tensor, *std::move(own));
      }
      for (const Use& use : index_.uses(member->tensor)) {
        if (use.input != 0 || !flow_.is_linear(use.node) || !is_quantized(use.node)) continue;
        if (is_op(graph_.node(use.node), "ConvTranspose")) return std::nullopt;
        ZP_ASSIGN_OR_RETURN(Reader reader, reader_of(use.node, *member));
        readers.push_back(std::move(reader));
      }
    }
    if (ends.empty() || !reaches) return std::nullopt;
    if (!choose_factors(component, ends, readers, choice)) return std::nullopt;
    const double least =
        choice.multiplications > 0 ? options_.least_gain_db : options_.least_free_gain_db;
    if (choice.gain_db < least) return std::nullopt;
    return choice;
  }

  // The step of each quantized tensor under these factors.
  std::map<std::string, double> steps_of(const std::vector<const Member*>& component,
                                         const std::map<std::string, std::vector<Ends>>& ends,
                                         const Factors& factors,
                                         std::map<std::string, Range>* ranges = nullptr) {
    std::map<std::string, double> steps;
    for (const Member* member : component) {
      const auto own = ends.find(member->tensor);
      if (own == ends.end()) continue;
      Ends all;
      for (size_t c = 0; c < own->second.size(); ++c) {
        const double r = factor(factors, *member, c);
        all.low = std::min(all.low, own->second[c].low / r);
        all.high = std::max(all.high, own->second[c].high / r);
      }
      steps[member->tensor] = (all.high - all.low) / kSteps;
      if (ranges) (*ranges)[member->tensor] = {all.low, all.high};
    }
    return steps;
  }

  // Each channel's share of the tensor's range, the larger of both sides of a common zero point,
  // which is chosen for the least sum of the shares' logarithms.
  static std::vector<double> shares(const std::vector<Ends>& ends) {
    Ends all;
    for (const Ends& e : ends) {
      all.low = std::min(all.low, e.low);
      all.high = std::max(all.high, e.high);
    }
    std::vector<double> best(ends.size(), 1);
    double least = std::numeric_limits<double>::infinity();
    constexpr int kZeroPoints = 64;
    for (int i = 0; i <= kZeroPoints; ++i) {
      const double below = static_cast<double>(i) / kZeroPoints;
      if ((below == 0 && all.low < 0) || (below == 1 && all.high > 0)) continue;
      std::vector<double> candidate;
      for (const Ends& e : ends) {
        candidate.push_back(
            std::max(below < 1 ? e.high / (1 - below) : 0, below > 0 ? -e.low / below : 0));
      }
      const double largest = *std::ranges::max_element(candidate);
      if (!(largest > 0)) return best;
      double sum = 0;
      for (double& share : candidate) {
        share /= largest;
        sum += std::log(share + 1e-3) + std::log(largest);
      }
      if (sum < least) {
        least = sum;
        best = std::move(candidate);
      }
    }
    return best;
  }

  bool choose_factors(const std::vector<const Member*>& component,
                      const std::map<std::string, std::vector<Ends>>& ends,
                      const std::vector<Reader>& readers, ChannelScaleChoice& choice) {
    Factors share;  // of the range
    Factors weight;
    for (const Member* member : component) {
      for (size_t c = 0; c < static_cast<size_t>(member->channels.count); ++c) {
        share.try_emplace(classes_.find(member->first + c), 0);
        weight.try_emplace(classes_.find(member->first + c), 0);
      }
      const auto own = ends.find(member->tensor);
      if (own == ends.end()) continue;
      const auto of_channels = shares(own->second);
      for (size_t c = 0; c < of_channels.size(); ++c) {
        double& largest = share.at(classes_.find(member->first + c));
        largest = std::max(largest, of_channels[c]);
      }
    }
    bool dense = false;
    for (const Reader& reader : readers) {
      if (reader.depthwise) continue;
      dense = true;
      const double all = *std::ranges::max_element(reader.largest);
      for (size_t at = 0; at < reader.largest.size() && all > 0; ++at) {
        const size_t channel = reader.first_channel[at / reader.in_group] + at % reader.in_group;
        double& largest = weight.at(classes_.find(reader.data->first + channel));
        largest = std::max(largest, reader.largest[at] / all);
      }
    }
    Factors ones = share;
    for (auto& [unused, r] : ones) r = 1;
    const double before = error_of(readers, ones, steps_of(component, ends, ones));
    double least = std::numeric_limits<double>::infinity();
    Factors best;
    for (int i = dense ? 0 : kExponents - 1; i < kExponents; ++i) {
      const double a = static_cast<double>(i) / (kExponents - 1);
      Factors factors;
      double largest = 0;
      for (const auto& [channel, q] : share) {
        const double w = dense ? std::max(weight.at(channel), 1e-3) : 1;
        const double r = std::pow(std::max(q, options_.smallest_factor), a) / std::pow(w, 1 - a);
        factors[channel] = r;
        largest = std::max(largest, r);
      }
      for (auto& [unused, r] : factors) {
        r = static_cast<float>(std::max(r / largest, options_.smallest_factor));
      }
      const double error = error_of(readers, factors, steps_of(component, ends, factors));
      if (error < least || best.empty()) {
        least = error;
        best = std::move(factors);
      }
    }
    const auto steps = steps_of(component, ends, best, &choice.ranges);
    if (readers.empty()) {
      choice.gain_db = mean_gain(component, ends, ones, best, steps);
      choice.sqnr_db = mean_sqnr(component, steps_of(component, ends, ones));
    } else {
      choice.gain_db = 10 * std::log10(before / least);
      choice.sqnr_db = 10 * std::log10(signal_of(readers) / before);
    }
    for (const Member* member : component) {
      ChannelScales scales{member->tensor, member->channels.axis, {}};
      for (size_t c = 0; c < static_cast<size_t>(member->channels.count); ++c) {
        scales.scales.push_back(static_cast<float>(factor(best, *member, c)));
      }
      choice.tensors.push_back(std::move(scales));
    }
    return std::isfinite(choice.gain_db);
  }

  // The signal behind the readers, if channels are independent.
  static double signal_of(const std::vector<Reader>& readers) {
    double signal = 0;
    for (const Reader& reader : readers) {
      for (size_t at = 0; at < reader.squares.size(); ++at) {
        const size_t channel = reader.first_channel[at / reader.in_group] + at % reader.in_group;
        signal += reader.squares[at] * reader.mean_square[channel];
      }
    }
    return signal;
  }

  // Of the channels of quantized tensors with these steps, in dB.
  double mean_sqnr(const std::vector<const Member*>& component,
                   const std::map<std::string, double>& steps) const {
    double sum = 0;
    double count = 0;
    for (const Member* member : component) {
      const auto step = steps.find(member->tensor);
      if (step == steps.end()) continue;
      for (const Statistics& channel : observers_.at(member->tensor).channels()) {
        const double square =
            channel.moments.sum_of_squares.value() / static_cast<double>(channel.extremes.finite());
        if (!(square > 0)) continue;
        sum += 10 * std::log10(square / (step->second * step->second / 12));
        ++count;
      }
    }
    return count > 0 ? sum / count : 0;
  }

  // By how much the steps of the channels shrink on average, in dB.
  double mean_gain(const std::vector<const Member*>& component,
                   const std::map<std::string, std::vector<Ends>>& ends, const Factors& ones,
                   const Factors& factors, const std::map<std::string, double>& steps) {
    const auto before = steps_of(component, ends, ones);
    double sum = 0;
    double count = 0;
    for (const Member* member : component) {
      const auto own = steps.find(member->tensor);
      if (own == steps.end()) continue;
      for (size_t c = 0; c < static_cast<size_t>(member->channels.count); ++c) {
        const double after = own->second * factor(factors, *member, c);
        if (!(after > 0)) continue;
        sum += 20 * std::log10(before.at(member->tensor) / after);
        ++count;
      }
    }
    return count > 0 ? sum / count : 0;
  }

  const Model& model_;
  const onnx::GraphProto& graph_;
  GraphIndex index_;
  const Plan& plan_;
  const std::map<std::string, Observer>& observers_;
  ChannelScaleOptions options_;
  ChannelFlow flow_;
  std::unordered_set<std::string> quantized_;  // nodes
  std::unordered_set<std::string> reaching_;   // tensors
  std::vector<Member> members_;
  std::unordered_map<std::string, size_t> numbers_;  // of members by tensor
  UnionFind classes_;                                // of channels
  UnionFind tensors_;                                // of members
};

}  // namespace

Result<std::vector<ChannelScaleChoice>> choose_channel_scales(
    const Model& model, const ValueInfos& values, const Plan& plan,
    const std::map<std::string, Observer>& observers, const ChannelScaleOptions& options) {
  ZP_ASSIGN_OR_RETURN(auto flow, ChannelFlow::of(model, values));
  return Chooser(model, plan, observers, options, std::move(flow)).run();
}

}  // namespace zp
