#include "zeropoint/engine/openvino_text.h"

#include <gmock/gmock.h>

namespace zp {
namespace {

using ::testing::EndsWith;
using ::testing::SizeIs;

TEST(OneLine, LeavesOutWhereInOpenVinosSourcesItWas) {
  // As OpenVINO 2026.4.1 says it of a node of an unknown domain.
  EXPECT_EQ(one_line("Exception from src/inference/src/cpp/core.cpp:105:\n"
                     "Check 'false' failed at src/frontends/unconverted_ops_report.cpp:151:\n"
                     "FrontEnd API failed with OpConversionFailure:\n"
                     "Model wasn't fully converted.\n"
                     "Summary:\n"
                     "-- No conversion rule found for operations: bar.Foo\n"
                     "To facilitate the conversion of unsupported operations, refer to ...\n\n\n"),
            "Model wasn't fully converted. -- No conversion rule found for operations: bar.Foo");
}

TEST(OneLine, KeepsTheCheckThatFailedWhereThereIsNothingElse) {
  EXPECT_EQ(one_line("Exception from a.cpp:1:\nCheck 'x > 0' failed at b.cpp:2:\n\n"),
            "Check 'x > 0' failed at b.cpp:2:");
  EXPECT_EQ(one_line(""), "no reason given");
}

TEST(OneLine, CutsWhatIsTooLong) {
  const std::string line = one_line(std::string(5000, 'x'));
  EXPECT_THAT(line, SizeIs(404));
  EXPECT_THAT(line, EndsWith("x ..."));
}

TEST(Types, MapBothWays) {
  for (const DataType type : {DataType::kFloat, DataType::kBool, DataType::kInt64,
                              DataType::kFloat16, DataType::kBfloat16, DataType::kString}) {
    EXPECT_EQ(to_data_type(to_openvino(type)), type);
  }
  EXPECT_EQ(to_data_type(ov::element::dynamic), DataType::kUndefined);
  EXPECT_EQ(to_openvino(DataType::kComplex64), ov::element::dynamic);
}

}  // namespace
}  // namespace zp
