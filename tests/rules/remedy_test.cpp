#include "smoothbound/rules/remedy.hpp"

#include <gmock/gmock.h>

namespace smoothbound::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(Remedy, PlainWordsNameNoOption) {
  EXPECT_EQ(plain_words(Remedy::none), "");
  for (auto i = static_cast<int>(Remedy::none) + 1;
       i <= static_cast<int>(Remedy::remove_from_baseline); ++i) {
    const std::string words(plain_words(static_cast<Remedy>(i)));
    EXPECT_FALSE(words.empty()) << i;
    EXPECT_THAT(words, Not(HasSubstr("--")));
  }
}

TEST(Remedy, StandsBehindWhatItIsFor) {
  EXPECT_EQ(with_remedy("a kink", Remedy::none, plain_words), "a kink");
  const RemedyWords words = [](Remedy remedy) -> std::string_view {
    return remedy == Remedy::softplus_for_relu ? "press S" : "";
  };
  EXPECT_EQ(with_remedy("a kink", Remedy::softplus_for_relu, words), "a kink; press S");
}

}  // namespace
}  // namespace smoothbound::testing
