#include "smoothbound/text/mistakes.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace smoothbound {
namespace {

using ::testing::EndsWith;

std::string rendered(const MistakeList& mistakes) {
  try {
    mistakes.throw_any();
  } catch (const SpecError& error) {
    return render_errors({"f", "a\nb\n"}, error);
  }
  return "none";
}

TEST(MistakeList, OrderOfTheFileAndNothingTwice) {
  MistakeList mistakes;
  EXPECT_EQ(rendered(mistakes), "none");
  EXPECT_TRUE(mistakes.attempt([] {}));
  EXPECT_FALSE(mistakes.attempt([] { throw SpecError({2, 1}, "second", "h2"); }));
  EXPECT_EQ(rendered(mistakes), "f:2:1: error: second\n 2 | b\n   | ^\nhint: h2\n");
  mistakes.add({{1, 1}, "first", "h1"});
  mistakes.add({{2, 1}, "second", "another"});
  EXPECT_EQ(rendered(mistakes),
            "f:1:1: error: first\n 1 | a\n   | ^\nhint: h1\n"
            "f:2:1: error: second\n 2 | b\n   | ^\nhint: h2\n");
}

TEST(MistakeList, AStepMayHaveSeveral) {
  MistakeList inner;
  inner.add({{1, 1}, "x", ""});
  inner.add({{2, 1}, "y", ""});
  MistakeList outer;
  EXPECT_FALSE(outer.attempt([&] { inner.throw_any(); }));
  EXPECT_EQ(rendered(outer), rendered(inner));
}

TEST(MistakeList, TwentyAreShown) {
  MistakeList mistakes;
  for (int i = 0; i < 20; ++i) mistakes.add({{1, 1}, std::to_string(i), ""});
  EXPECT_THAT(rendered(mistakes), EndsWith("error: 19\n 1 | a\n   | ^\n"));
  mistakes.add({{1, 1}, "20", ""});
  EXPECT_THAT(rendered(mistakes), EndsWith("error: 19\n 1 | a\n   | ^\nf: 1 more mistake\n"));
  mistakes.add({{1, 1}, "21", ""});
  EXPECT_THAT(rendered(mistakes), EndsWith("\nf: 2 more mistakes\n"));
}

TEST(MistakeList, EndsWhenItIsFull) {
  MistakeList outer;
  MistakeList inner;
  int steps = 0;
  const auto collect = [&] {
    outer.attempt([&] {
      for (; steps < 1000; ++steps) inner.add({{1, 1}, std::to_string(steps), ""});
    });
  };
  EXPECT_THROW(collect(), SpecErrors);
  EXPECT_EQ(steps, 99);
  EXPECT_THAT(rendered(outer), EndsWith("\nf: at least 80 more mistakes\n"));
}

}  // namespace
}  // namespace smoothbound
