#include "apps/zeropoint/number_line.h"

#include <algorithm>
#include <cmath>
#include <string_view>
#include <vector>

#include "apps/zeropoint/number_text.h"

namespace zp::app {
namespace {

constexpr int kWidth = 66;    // of the rulers
constexpr int kMargin = 8;    // before them
constexpr int kOverhang = 6;  // of labels beyond the rulers, on both sides
constexpr int kMostTicks = 16;
constexpr double kHalfStep = 0.500001;  // a little more than half: the ends are rounded

// A place on both rulers with what is written above it and below it, each empty where it is no
// mark of that ruler.
struct Mark {
  double real = 0;
  std::string role;  // over the label: "min", "max", "X"
  std::string label;
  std::string code;
  int column = 0;

  int width_above() const { return static_cast<int>(std::max(label.size(), role.size())); }
  int width_below() const { return static_cast<int>(code.size()); }
};

void add_real(std::vector<Mark>& marks, double real, const std::string& role) {
  for (Mark& mark : marks) {
    if (mark.real == real) {
      if (!role.empty()) mark.role += (mark.role.empty() ? "" : " ") + role;
      return;
    }
  }
  marks.push_back({real, role, brief(real), ""});
}

// A code stands under the real that it stands for; where a step is narrower than a column, also
// under one that is rounded to it.
void add_code(std::vector<Mark>& marks, int64_t code, const Explanation& explanation) {
  const QuantParams& params = explanation.params;
  const double real = real_of(code, params);
  const double near = explanation.codes.steps() > kWidth ? double{params.scale} * kHalfStep : 0;
  const std::string text = std::to_string(code);
  const auto found = std::find_if(marks.begin(), marks.end(), [&](const Mark& mark) {
    return mark.code == text || (mark.code.empty() && std::abs(mark.real - real) <= near);
  });
  if (found == marks.end()) {
    marks.push_back({real, "", "", text});
  } else {
    found->code = text;
  }
}

// The columns that the labels of two marks need between them; none where they share no line.
int distance(const Mark& left, const Mark& right) {
  const auto between = [](int a, int b) { return a > 0 && b > 0 ? (a + 1) / 2 + b / 2 + 1 : 0; };
  return std::max(between(left.width_above(), right.width_above()),
                  between(left.width_below(), right.width_below()));
}

double proportional_column(const Mark& mark, const std::vector<Mark>& marks) {
  const double low = marks.front().real;
  const double width = marks.back().real - low;
  return width > 0 ? (mark.real - low) / width * (kWidth - 1) : (kWidth - 1) * 0.5;
}

// Columns in proportion to the reals, then moved apart as far as labels need; false if they do not
// fit. Marks are in the order of their reals.
bool place(std::vector<Mark>& marks) {
  for (Mark& mark : marks) {
    mark.column = static_cast<int>(std::lround(proportional_column(mark, marks)));
  }
  for (size_t i = 0; i < marks.size(); ++i) {
    for (size_t j = 0; j < i; ++j) {
      marks[i].column = std::max(marks[i].column, marks[j].column + distance(marks[j], marks[i]));
    }
  }
  for (size_t i = marks.size(); i-- > 0;) {
    marks[i].column = std::min(marks[i].column, kWidth - 1);
    for (size_t j = i + 1; j < marks.size(); ++j) {
      marks[i].column = std::min(marks[i].column, marks[j].column - distance(marks[i], marks[j]));
    }
  }
  return marks.front().column >= 0;
}

bool to_scale(const std::vector<Mark>& marks) {
  return std::all_of(marks.begin(), marks.end(), [&](const Mark& mark) {
    return std::abs(mark.column - proportional_column(mark, marks)) < 2;
  });
}

// Where a real lies among the placed marks: in proportion between its neighbours.
int column_of(double real, const std::vector<Mark>& marks) {
  const auto right =
      std::find_if(marks.begin(), marks.end(), [&](const Mark& mark) { return mark.real >= real; });
  if (right == marks.begin()) return marks.front().column;
  if (right == marks.end()) return marks.back().column;
  const auto left = right - 1;
  const double part = (real - left->real) / (right->real - left->real);
  return left->column + static_cast<int>(std::lround(part * (right->column - left->column)));
}

void fill(std::string& ruler, int from, int to, char sign) {
  for (int column = from; column <= to; ++column) ruler[static_cast<size_t>(column)] = sign;
}

enum class Room { kMade, kIfFree };

// Centred on the column of a ruler; the line reaches kOverhang further on both sides.
void write_label(std::string& line, int column, const std::string& label, Room room) {
  const int length = static_cast<int>(label.size());
  const auto start = static_cast<size_t>(std::max(column - length / 2 + kOverhang, 0));
  if (room == Room::kIfFree) {
    const size_t before = start > 0 ? start - 1 : 0;
    if (line.substr(before, label.size() + 2).find_first_not_of(' ') != std::string::npos) return;
  }
  line.replace(start, label.size(), label);
}

std::string trimmed(std::string line) {
  line.erase(line.find_last_not_of(' ') + 1);
  return line;
}

// The marks, most needed first.
std::vector<Mark> wanted_marks(const Explanation& explanation) {
  const auto& [min, max] = explanation.request.range;
  std::vector<Mark> marks;
  add_real(marks, 0, "");
  add_real(marks, min, "min");
  add_real(marks, max, "max");
  if (explanation.exact) add_real(marks, double{explanation.exact->x}, "X");
  add_code(marks, explanation.params.zero_point, explanation);
  add_code(marks, explanation.codes.qmin, explanation);
  add_code(marks, explanation.codes.qmax, explanation);
  if (explanation.exact) add_code(marks, explanation.exact->code, explanation);
  add_code(marks, explanation.codes.qmin + explanation.wasted.below, explanation);
  add_code(marks, explanation.codes.qmax - explanation.wasted.above, explanation);
  return marks;
}

std::vector<Mark> placed_marks(const Explanation& explanation) {
  std::vector<Mark> wanted = wanted_marks(explanation);
  while (true) {
    std::vector<Mark> marks = wanted;
    std::stable_sort(marks.begin(), marks.end(),
                     [](const Mark& a, const Mark& b) { return a.real < b.real; });
    if (place(marks)) return marks;
    wanted.pop_back();
  }
}

struct Rulers {
  std::string real = std::string(kWidth, ' ');
  std::string code = std::string(kWidth, ' ');
};

Rulers draw_rulers(const Explanation& explanation, const std::vector<Mark>& marks) {
  const CodeRange codes = explanation.codes;
  const WastedSteps wasted = explanation.wasted;
  const Range data = explanation.request.range;
  const auto at = [&](double real) { return column_of(real, marks); };
  const auto at_code = [&](int64_t code) { return at(real_of(code, explanation.params)); };
  Rulers rulers;
  fill(rulers.real, at(explanation.covered.min), at(explanation.covered.max), '.');
  fill(rulers.real, at(data.min), at(data.max), '=');

  const int64_t first = codes.qmin + wasted.below;
  const int64_t last = codes.qmax - wasted.above;
  fill(rulers.code, at_code(codes.qmin), at_code(codes.qmax), '-');
  if (wasted.below > 0) fill(rulers.code, at_code(codes.qmin), at_code(first), '.');
  if (wasted.above > 0) fill(rulers.code, at_code(last), at_code(codes.qmax), '.');
  return rulers;
}

}  // namespace

std::string number_line(const Explanation& explanation) {
  const std::vector<Mark> marks = placed_marks(explanation);
  Rulers rulers = draw_rulers(explanation, marks);
  std::string roles(kWidth + 2 * kOverhang, ' ');
  std::string labels = roles;
  std::string codes = roles;
  for (const Mark& mark : marks) {
    const auto column = static_cast<size_t>(mark.column);
    if (mark.width_above() > 0) rulers.real[column] = '|';
    if (mark.width_below() > 0) rulers.code[column] = '|';
    write_label(roles, mark.column, mark.role, Room::kMade);
    write_label(labels, mark.column, mark.label, Room::kMade);
    write_label(codes, mark.column, mark.code, Room::kMade);
  }
  const CodeRange all = explanation.codes;
  for (int64_t code = all.qmin; all.steps() < kMostTicks && code <= all.qmax; ++code) {
    const int column = column_of(real_of(code, explanation.params), marks);
    rulers.code[static_cast<size_t>(column)] = '|';
    write_label(codes, column, std::to_string(code), Room::kIfFree);
  }

  const std::string margin(kMargin - kOverhang, ' ');
  std::string text = trimmed(margin + roles) + "\n" + trimmed(margin + labels) + "\n";
  text += trimmed("  real  " + rulers.real) + "\n" + trimmed("  code  " + rulers.code) + "\n";
  text += trimmed(margin + codes) + "\n";

  std::string legend;
  const auto explain_sign = [&](std::string_view sign) {
    legend += std::string(kMargin, ' ') + std::string(sign) + "\n";
  };
  if (explanation.wasted.below + explanation.wasted.above > 0) {
    explain_sign(". carries nothing of the range");
  }
  if (!to_scale(marks)) explain_sign("not to scale: marks that lie close together are drawn apart");
  return legend.empty() ? text : text + "\n" + legend;
}

}  // namespace zp::app
