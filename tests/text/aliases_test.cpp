#include "smoothbound/text/aliases.hpp"

#include <gtest/gtest.h>

#include <set>

namespace smoothbound {
namespace {

TEST(Fold, CaseUnderscoresAndDashes) {
  EXPECT_EQ(fold("Batch_Norm"), "batchnorm");
  EXPECT_EQ(fold("--bn-epsilon"), "bnepsilon");
  EXPECT_EQ(fold(""), "");
}

// Otherwise no word could match a row.
TEST(Aliases, WordsAreFoldedAndRowsDiffer) {
  std::set<std::pair<std::string_view, std::string_view>> seen;
  for (const Alias& alias : aliases()) {
    EXPECT_EQ(fold(alias.word), alias.word);
    EXPECT_NE(fold(alias.name), alias.word) << "needs no row";
    EXPECT_TRUE(seen.emplace(alias.word, alias.name).second) << alias.word;
  }
}

}  // namespace
}  // namespace smoothbound
