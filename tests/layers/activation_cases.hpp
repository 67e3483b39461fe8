// Every activation at its default parameter and at those that its row lists for tests.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "smoothbound/layers/activation.hpp"

namespace smoothbound::test {

struct ActivationCase {
  const ActivationRow* row;
  std::string parameter;  // empty: it takes none

  [[nodiscard]] ScalarConstants constants(Method method) const {
    return row->constants(method, parameter.empty() ? Real{} : Real::from_decimal(parameter));
  }
};

inline std::vector<ActivationCase> activation_cases() {
  std::vector<ActivationCase> all;
  for (const ActivationRow& row : activation_table()) {
    all.push_back({&row, std::string(row.parameter.default_value)});
    for (const std::string_view sample : row.parameter.samples) {
      all.push_back({&row, std::string(sample)});
    }
  }
  return all;
}

/// Of an instance of a test, "softplus0p25".
inline std::string name_of_case(const testing::TestParamInfo<ActivationCase>& info) {
  std::string name(info.param.row->name);
  for (const char c : info.param.parameter) name += c == '.' ? 'p' : c;
  return name;
}

}  // namespace smoothbound::test
