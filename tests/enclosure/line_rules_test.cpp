// What the catalogue says of enclosures along a line is what kernels have.
#include <gtest/gtest.h>

#include <optional>
#include <variant>

#include "runtime/kernels/kernels.hpp"
#include "support/catalogue.hpp"

namespace smoothbound::test {
namespace {

// The first shape that fits its settings.
template <class Type>
std::optional<Shape> shape_for(const Type& component) {
  for (const Shape& shape : {Shape{4, 8, 8}, Shape{8}, Shape{1}, Shape{4, 9}, Shape{2, 9, 9}}) {
    const std::vector<Shape> inputs(MergeType<Type> ? 2 : 1, shape);
    try {
      (void)component.output_shape(inputs);
      return shape;
    } catch (const ShapeError&) {
    }
  }
  return std::nullopt;
}

// Whether all kernels of a component, on inputs of this shape, have rules.
template <class Type>
bool has_rules(const Type& component, const Shape& shape) {
  const std::vector<Shape> inputs(MergeType<Type> ? 2 : 1, shape);
  const Site site{inputs, component.output_shape(inputs), 2};
  try {
    bool all = true;
    for (const auto& kernel : kernels::kernels_of<double>(component, site)) {
      all = all && kernel->taylor_rule() != nullptr;
    }
    return all;
  } catch (const NotExecutable&) {
    return false;
  }
}

TEST(LineRules, AreNamedWhereKernelsHaveThem) {
  int without = 0;
  for (const Component& prototype : prototypes()) {
    SCOPED_TRACE(name_of(prototype));
    const Component component = support::other_component(name_of(prototype)).component;
    const std::optional<Shape> shape =
        std::visit([](const auto& c) { return shape_for(c); }, component);
    if (!shape) {  // a copy with settings of its own, which is met in random networks
      EXPECT_TRUE(is_index_map(component));
      continue;
    }
    const bool has = std::visit([&](const auto& c) { return has_rules(c, *shape); }, component);
    EXPECT_EQ(line_rule_of(component).exists(), has);
    without += has ? 0 : 1;
  }
  EXPECT_EQ(without, 1);
}

}  // namespace
}  // namespace smoothbound::test
