// The table of formats, as help and messages name them.
#include <gtest/gtest.h>

#include "smoothbound/data/array_file.hpp"
#include "smoothbound/text/suggest.hpp"

namespace smoothbound {
namespace {

using enum ArrayContents;

TEST(ArrayFormats, AreNamedByWhatTheyHold) {
  EXPECT_EQ(join_or(array_formats({named_arrays})), "safetensors or NPZ");
  EXPECT_EQ(join_or(array_formats({dataset, array})), "IDX or NPY");
  EXPECT_EQ(join_or(array_formats({array})), "NPY");
  EXPECT_EQ(join_or(array_formats({array, named_arrays})), "safetensors, NPY or NPZ");
  EXPECT_TRUE(array_formats({}).empty());
}

}  // namespace
}  // namespace smoothbound
