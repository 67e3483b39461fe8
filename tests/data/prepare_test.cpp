// Standardisation and scaling, as measured on the samples in question.
#include "smoothbound/data/prepare.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "files.hpp"

namespace smoothbound::testing {
namespace {

Dataset of_values(const TemporaryDirectory& directory, const std::string& shape,
                  const std::vector<double>& values) {
  return open_dataset(directory.write("x.npy", npy(npy_dict("<f8", shape), bytes_of(values))));
}

template <class Value>
double norm_of(const std::vector<Value>& values) {
  long double sum = 0;
  for (const Value x : values) sum += static_cast<long double>(x) * static_cast<long double>(x);
  return static_cast<double>(std::sqrt(sum));
}

TEST(Prepare, StandardisesEachChannel) {
  const TemporaryDirectory directory;
  // Channels [1, 3], [10, 10], then [5, 7], [20, 40]; a third sample that is not used.
  const Dataset dataset =
      of_values(directory, "(3, 2, 2)", {1, 3, 10, 10, 5, 7, 20, 40, 1000, 0, 0, 0});
  std::vector<double> values(8);
  const Preparation done =
      load_samples(dataset, 0, {.standardise = true, .norm = {}}, std::span(values));
  ASSERT_EQ(done.mean.size(), 2U);
  EXPECT_DOUBLE_EQ(done.mean[0], 4);
  EXPECT_DOUBLE_EQ(done.mean[1], 20);
  EXPECT_DOUBLE_EQ(done.deviation[0], std::sqrt(5));
  EXPECT_DOUBLE_EQ(done.deviation[1], std::sqrt(150));
  EXPECT_EQ(done.factor, 1);
  EXPECT_DOUBLE_EQ(values[0], -3 / std::sqrt(5));
  EXPECT_DOUBLE_EQ(values[7], 20 / std::sqrt(150));
}

TEST(Prepare, ScalesToANormThatIsNeverExceeded) {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    const Dataset dataset = random_dataset(Shape{3, 5, 7}, 50, seed);
    for (const bool standardise : {false, true}) {
      const PreparationOptions options{.standardise = standardise, .norm = 0.3};
      std::vector<float> values(50 * 105);
      const Preparation done = load_samples(dataset, 0, options, std::span(values));
      EXPECT_LE(norm_of(values), 0.3);
      EXPECT_NEAR(norm_of(values), 0.3, 1e-6);
      EXPECT_GT(done.factor, 0);
      std::vector<double> precise(50 * 105);
      load_samples(dataset, 0, options, std::span(precise));
      EXPECT_LE(norm_of(precise), 0.3);
      EXPECT_NEAR(precise[17], static_cast<double>(values[17]), 1e-8);
    }
  }
}

// Whole numbers below 2^24 are numbers of float32: nothing is rounded.
TEST(Prepare, IdsAreCheckedAndLeftAsTheyAre) {
  const TemporaryDirectory directory;
  const Dataset dataset = of_values(directory, "(3, 2)", {0, 16777215, 3, 1, 7, -1});
  std::vector<float> values(4);
  const PreparationOptions ids{.ids = 16777216};
  const Preparation done = load_samples(dataset, 0, ids, std::span(values));
  EXPECT_EQ(done.factor, 1);
  EXPECT_TRUE(done.mean.empty());
  EXPECT_EQ(values, (std::vector<float>{0, 16777215, 3, 1}));
  const auto refusal = [&](const PreparationOptions& options, std::int64_t first) {
    try {
      measure_preparation(dataset, first, 2, options);
    } catch (const DataError& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  EXPECT_EQ(refusal(ids, 0), "");
  EXPECT_EQ(refusal(ids, 1),
            "sample 2 has -1 at position 1, and ids are whole numbers from 0 to 16777215");
  EXPECT_EQ(refusal({.ids = 16777215}, 0),
            "sample 0 has 16777215 at position 1, and ids are whole numbers from 0 to 16777214");
}

TEST(Prepare, HugeAndTinySamples) {
  const TemporaryDirectory directory;
  for (const double size : {1e300, 1e-300}) {
    std::vector<double> values(2);
    load_samples(of_values(directory, "(1, 2)", {3 * size, -4 * size}), 0,
                 {.standardise = false, .norm = 5}, std::span(values));
    EXPECT_NEAR(values[0], 3, 1e-5);
    EXPECT_NEAR(values[1], -4, 1e-5);
  }
}

TEST(Prepare, NothingUnlessAsked) {
  const Dataset dataset = random_dataset(Shape{4}, 3, 1);
  std::vector<double> raw(12);
  dataset.read(0, std::span(raw));
  std::vector<double> values(12);
  const Preparation done = load_samples(dataset, 0, {}, std::span(values));
  EXPECT_EQ(values, raw);
  EXPECT_TRUE(done.mean.empty());
  EXPECT_EQ(done.factor, 1);
}

TEST(Prepare, RefusesWhatCannotBe) {
  const TemporaryDirectory directory;
  const Dataset constant = of_values(directory, "(3, 2, 1)", {1, 0.1, 2, 0.1, 3, 0.1});
  EXPECT_EQ(
      message_of(directory / "x.npy",
                 [&] { measure_preparation(constant, 0, 3, {.standardise = true, .norm = {}}); })
          .substr(0, 56),
      "channel 1 cannot be standardised: its mean is 0.1, its s");
  const Dataset zero = of_values(directory, "(1, 2)", {0, 0});
  EXPECT_EQ(
      message_of(directory / "x.npy",
                 [&] { measure_preparation(zero, 0, 1, {.standardise = false, .norm = 2}); }),
      "all samples are zero; no factor gives them the norm 2 | take samples that are not zero");
  EXPECT_EQ(measure_preparation(zero, 0, 1, {.standardise = false, .norm = 0}).factor, 1);
}

TEST(Prepare, PiecesAgreeWithTheWhole) {
  const Dataset dataset = random_dataset(Shape{2, 40, 40}, 300, 3);  // several pieces
  const Preparation done = measure_preparation(dataset, 0, 300, {.standardise = true, .norm = 1});
  EXPECT_NEAR(done.mean[1], 0, 0.006);
  EXPECT_NEAR(done.deviation[0], 1, 0.005);
  EXPECT_NEAR(done.factor, 1 / std::sqrt(300. * 3200), 1e-9);
  std::vector<float> values(300 * 3200);
  load_samples(dataset, 0, {.standardise = true, .norm = 1}, std::span(values));
  std::vector<float> piece(100 * 3200);
  dataset.read(200, std::span(piece));
  apply_preparation(done, dataset.sample_shape, std::span(piece));
  EXPECT_TRUE(std::equal(piece.begin(), piece.end(), values.begin() + 200 * 3200));
}

}  // namespace
}  // namespace smoothbound::testing
