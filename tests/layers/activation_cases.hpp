// Every activation at its default parameter and at those that its row lists for tests.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "smoothbound/layers/activation.hpp"

namespace smoothbound::test {

struct ActivationCase {
  const ActivationRow* row;
  std::string parameter;    // empty: it takes none
  std::string scale = "1";  // of those that have one

  [[nodiscard]] Activation activation() const {
    Activation result(*row);
    if (!parameter.empty()) result.parameter = Real::from_decimal(parameter);
    result.scale = Real::from_decimal(scale);
    return result;
  }
  [[nodiscard]] ScalarConstants constants(Method method) const {
    return activation().constants(method);
  }
};

inline std::vector<ActivationCase> activation_cases() {
  std::vector<ActivationCase> all;
  for (const ActivationRow& row : activation_table()) {
    all.push_back({&row, std::string(row.parameter.default_value)});
    for (const std::string_view sample : row.parameter.samples) {
      all.push_back({&row, std::string(sample)});
      if (!row.has_scale) continue;
      for (const char* scale : {"0.25", "40"}) all.push_back({&row, std::string(sample), scale});
    }
  }
  return all;
}

/// Of an instance of a test, "softplus0p25".
inline std::string name_of_case(const testing::TestParamInfo<ActivationCase>& info) {
  std::string name(info.param.row->name);
  for (const char c : info.param.parameter) name += c == '.' ? 'p' : c;
  if (info.param.scale == "1") return name;
  name += "AtScale";
  for (const char c : info.param.scale) name += c == '.' ? 'p' : c;
  return name;
}

}  // namespace smoothbound::test
