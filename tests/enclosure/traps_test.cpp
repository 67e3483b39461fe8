// Networks on which plausible but wrong rules fail.
#include <gtest/gtest.h>

#include <cmath>

#include "enclosure/trap.hpp"
#include "smoothbound/enclosure/step_search.hpp"

namespace smoothbound::test {
namespace {

// The norm of a kernel of ones exceeds its Frobenius norm, at rest and in motion.
TEST(EnclosureTraps, ConvolutionsOfOnes) {
  for (const char* settings : {"", ", stride: 2", ", dilation: 2", ", stride: 2, dilation: 2"}) {
    SCOPED_TRACE(settings);
    Trap of(
        "{conv: {filters: 1, kernel: 3, padding: 1}, bias: false, then: [sigmoid]}, {conv: "
        "{filters: 1, kernel: 3, padding: 2" +
            std::string(settings) + "}, bias: false}, {dense: 2}",
        "1, 9, 9");
    of.set(0, {0.1}, {1});
    of.set(1, {1}, {1});
    of.set(2, {0.1, -0.1}, {0});
    check(of, 0.2);
    check(of, 1e-7);
  }
}

// As the last layer: what rows read is not the input in its order.
TEST(EnclosureTraps, LastLayersThatReadPartOfTheirInput) {
  struct Case {
    const char* layer;
    const char* input;
  };
  for (const auto& [layer, input] :
       {Case{"{conv: {filters: 2, kernel: 2, padding: 1, stride: 3}}", "1, 2"},
        Case{"{conv_transposed: {filters: 3, kernel: 1}}", "3, 1"},
        Case{"{conv_transposed: {filters: 3, kernel: 1, padding: 0}}", "3, 1, 1"},
        Case{"{conv: {filters: 3, kernel: 1}}", "3, 1"}}) {
    SCOPED_TRACE(layer);
    Trap trap(std::string("{conv: {filters: ") + input[0] + ", kernel: 1}, then: [tanh]}, " + layer,
              input);
    for (std::size_t i = 0; i < trap.x.size(); ++i) trap.x[i] = i == 0 ? 2 : 1e-3;
    for (std::size_t i = 0; i < trap.w.size(); ++i) {
      trap.w[i] = static_cast<double>(i * i % 7) - 3;
      trap.d[i] = static_cast<double>(i * 5 % 11) - 5;
    }
    check(trap, 0.05);
    check(trap, 0.3);
  }
}

// t^2 behind a unit that neither its place nor its speed sends to a side.
TEST(EnclosureTraps, UnitsAtRestAtAKink) {
  for (const char* f : {"relu", "{leaky_relu: 0.3}", "{leaky_relu: 1.5}", "relu6", "elu",
                        "hard_sigmoid", "softsign"}) {
    for (const double sign : {1.0, -1.0}) {
      SCOPED_TRACE(f);
      Trap of(std::string("{dense: 1, bias: false}, {dense: 1, bias: false, then: [") + f +
                  "]}, {dense: 2}",
              "1");
      of.set(0, {0}, {1});
      of.set(1, {0}, {sign});
      of.set(2, {1, -1}, {0});
      check(of, 0.5);
      if (std::string(f) != "softsign") check(of, 3);  // its branch has a pole
    }
  }
}

TEST(EnclosureTraps, UnitsThatNeverMove) {
  Trap of("{dense: 2, then: [relu]}, {dense: 2}", "1");
  of.set(0, {0}, {0});
  of.set(1, {0}, {0});
  of.set(2, {1, -1}, {1, 2});
  check(of, 1);
}

TEST(EnclosureTraps, EqualMaxima) {
  Trap of(
      "{conv: {filters: 2, kernel: 1}, then: [tanh, {max_pool: {kernel: 2, stride: 1}}]}, "
      "{dense: 2}",
      "2, 4");
  of.x = {1, 1, 1, 1, 0.5, -0.5, 0.25, 0};
  of.set(0, {1, 0, -1, 0}, {1, 1, 1, -1});
  of.set(1, {0}, {0});
  of.set(2, {1, -1, 0.5}, {0.25});
  check(of, 0.1);
  check(of, 2);
  check(of, 1e-7);
}

TEST(EnclosureTraps, FarAlongSoftplusAndItsLike) {
  for (const char* f : {"softplus", "{softplus: 40}", "silu", "gelu", "mish", "{celu: 0.5}",
                        "smooth_leaky_relu", "smooth_relu6", "gelu_tanh", "selu", "tanh"}) {
    for (const double z : {21.0, 25.0, 36.0, -7.0, -9.0, -30.0, 700.0, -740.0}) {
      SCOPED_TRACE(std::string(f) + " at " + std::to_string(z));
      Trap of(std::string("{dense: 1, then: [") + f + "]}, {dense: 2}", "1");
      of.set(0, {z}, {1});
      of.set(1, {0}, {0});
      of.set(2, {1, -1}, {0});
      check(of, 1e-12);
      check(of, 0.01);
    }
  }
}

TEST(EnclosureTraps, NormalizationsOfWhatIsNearlyConstant) {
  for (const char* norm : {"{batch_norm: {epsilon: 1e-10}}", "{layer_norm: {epsilon: 1e-10}}",
                           "{rms_norm: {epsilon: 1e-12}}", "{batch_norm: {epsilon: 1e-3}}"}) {
    SCOPED_TRACE(norm);
    Trap of(std::string("{dense: 3, then: [") + norm + "]}, {dense: 2}", "2", 3);
    for (std::size_t i = 0; i < of.x.size(); ++i) of.x[i] = 1 + 1e-7 * static_cast<double>(i % 4);
    of.set(0, {1, 1, 1.0000001, 0.9999999, 1, 1}, {1, -1, 2, 0, 1, 0.5});
    of.set(1, {0}, {0.5, 0, -1});
    of.set(2, {1, -1, 0.5, 2, 0.25, -2}, {0.1, 0, 0.3});
    double length = 1e-3;
    while (length > 1e-20 && !is_bounded(of, length)) length /= 8;
    ASSERT_GT(length, 1e-20);
    for (int i = 0; i < 3; ++i, length /= 30) {
      LineEnclosure line(of.graph(), of.samples);
      bool all = true;
      for (const int degree : {1, 2, 3}) {
        line.set_line(of.w, of.d, of.x, degree);
        all = all && line.bound(length, EnclosureMode::norm) &&
              line.bound(length, EnclosureMode::interval);
      }
      if (all) check(of, length);
    }
  }
}

TEST(EnclosureTraps, GroupsOfOne) {
  Trap of(
      "{dense: 1, then: [{layer_norm: {epsilon: 0.01}}]}, {dense: 2, then: [{batch_norm: "
      "{epsilon: 0.01, affine: true}}]}",
      "2", 1);
  for (std::size_t i = 0; i < of.w.size(); ++i) {
    of.w[i] = 1 + 0.25 * static_cast<double>(i);
    of.d[i] = 2 - 0.5 * static_cast<double>(i);
  }
  check(of, 0.1);
  check(of, 1e-7);
}

TEST(EnclosureTraps, MeansOfPartsOfWindows) {
  for (const char* pool :
       {"{average_pool: {kernel: 3, padding: 1, count_padding: false}}",
        "{average_pool: {kernel: 3, stride: 2, padding: 1, count_padding: false, ceil: true}}",
        "{average_pool: {kernel: 2, stride: 2, ceil: true}}",
        "{average_pool: {kernel: 3, stride: 1, padding: 1}}", "{adaptive_average_pool: [3, 4]}"}) {
    SCOPED_TRACE(pool);
    Trap of(std::string("{conv: {filters: 1, kernel: 1}, then: [tanh, ") + pool + "]}, {dense: 2}",
            "1, 5, 5");
    of.set(0, {0.5}, {1});
    of.set(1, {0.25}, {1});
    of.set(2, {1, -1}, {0});
    check(of, 0.2);
    check(of, 1e-7);
  }
}

TEST(EnclosureTraps, PaddingThatCopies) {
  for (const char* mode : {"reflect", "replicate", "circular", "zero"}) {
    SCOPED_TRACE(mode);
    Trap of(std::string("{conv: {filters: 1, kernel: 1}, then: [tanh, {pad: {before: 2, after: 2, "
                        "mode: ") +
                mode + "}}]}, {conv: {filters: 2, kernel: 3}}, {dense: 2}",
            "1, 3, 3");
    of.set(0, {0.5}, {1});
    of.set(1, {0.25}, {1});
    of.set(2, {1}, {1});
    of.set(4, {0.5, -0.5}, {0.1});
    check(of, 0.1);
    check(of, 1e-7);
  }
}

// What is not finite proves nothing.
TEST(EnclosureTraps, NumbersThatAreNotFinite) {
  const auto make = [](const std::string& f) {
    Trap of("{dense: 2, then: [" + f + "]}, {dense: 2}", "2");
    of.set(0, {1, -1, 0.5, 0}, {1});
    of.set(1, {0.5}, {0});
    of.set(2, {1, -1, 0, 1}, {1});
    return of;
  };
  for (const char* f :
       {"relu", "relu6", "tanh", "hard_tanh", "sigmoid", "softplus", "elu", "softsign",
        "hard_sigmoid", "capped_exp", "{leaky_relu: 2}", "identity", "{layer_norm: {epsilon: 1}}",
        "{batch_norm: {epsilon: 1}}", "flatten", "{scale: 0}", "{scale: 2}"}) {
    SCOPED_TRACE(f);
    EXPECT_TRUE(is_bounded(make(f), 1e-3));
    for (const double bad : {infinity, -infinity, std::nan("")}) {
      for (std::size_t i = 0; i < 2; ++i) {
        Trap input = make(f);
        input.x[i] = bad;
        EXPECT_FALSE(is_bounded(input, 1e-3)) << "x " << bad;
      }
      for (std::size_t i = 0; i < make(f).w.size(); ++i) {
        Trap weights = make(f);
        weights.w[i] = bad;
        EXPECT_FALSE(is_bounded(weights, 1e-3)) << "w " << i << ' ' << bad;
        Trap direction = make(f);
        direction.d[i] = bad;
        EXPECT_FALSE(is_bounded(direction, 1e-3)) << "d " << i << ' ' << bad;
      }
    }
  }
}

TEST(EnclosureTraps, OverflowsInside) {
  Trap deep("{dense: 2, bias: false}, {dense: 2, bias: false}, {dense: 2, bias: false}", "2");
  deep.set(0, {1e300}, {1});
  deep.set(1, {1e300}, {1});
  deep.set(2, {1}, {1});
  EXPECT_FALSE(is_bounded(deep, 1e-3));
  EXPECT_FALSE(is_bounded(deep, 1e-60));
  // In a first layer without weights, and where only the bounds overflow.
  for (const char* f : {"elu", "capped_exp", "{celu: 0.01}", "selu"}) {
    SCOPED_TRACE(f);
    Trap fast(std::string("{dense: 1, then: [") + f + "]}, {dense: 2}", "1");
    fast.set(0, {-1}, {1e6});
    fast.set(1, {0}, {0});
    fast.set(2, {1, -1}, {0});
    EXPECT_FALSE(is_bounded(fast, 1));
    check(fast, 1e-8);
  }
}

// Where nothing multiplies the input before something bounds or chooses it.
TEST(EnclosureTraps, InputsThatAreNotFinite) {
  for (const char* f : {"hard_tanh", "relu6", "relu", "sigmoid", "tanh", "hard_sigmoid",
                        "{max_pool: 2}", "global_max_pool", "{slice: {axis: length, to: 1}}"}) {
    for (const double bad : {infinity, -infinity, std::nan("")}) {
      SCOPED_TRACE(std::string(f) + " of " + std::to_string(bad));
      Trap of(std::string("{concat: [input], then: [") + f + "]}, {dense: 2}", "1, 2");
      of.set(0, {1}, {1});
      of.x[1] = bad;
      EXPECT_FALSE(is_bounded(of, 1e-3));
    }
  }
}

TEST(EnclosureTraps, LengthsOutOfRange) {
  Trap of("{dense: 2, then: [tanh]}, {dense: 2}", "1");
  of.set(0, {1, -1}, {1});
  of.set(2, {1, -1}, {1});
  for (const double length : {0.0, -1.0, infinity, std::nan(""), 1e-320, 1e200}) {
    EXPECT_FALSE(is_bounded(of, length)) << length;
  }
  LineEnclosure line(of.graph(), 1);
  line.set_line(of.w, of.d, of.x, 3);
  EXPECT_FALSE(line.bound(1e-80, EnclosureMode::norm));  // its fourth power has lost digits
  check(of, 1e-70);
}

// Powers of coefficients that underflow, whose powers of T do not.
TEST(EnclosureTraps, TinyDirectionsAndHugeLengths) {
  std::vector<int> bounded(4);
  for (const double scale : {1e-9, 1e-11, 1e-12, 1e-20, 1e-40, 1e-70, 1e-90, 1e-100, 1e-108}) {
    for (const int degree : {1, 2, 3}) {
      SCOPED_TRACE(std::to_string(degree) + " " + std::to_string(std::log10(scale)));
      Trap of(
          "{dense: 2, then: [tanh]}, {dense: 2, then: [relu, {layer_norm: {epsilon: 0.1}}]}, "
          "{dense: 2}",
          "1");
      of.set(0, {1, -1}, {scale, 2 * scale});
      of.set(2, {0.5, -1}, {scale});
      of.set(4, {1, -1}, {scale});
      for (const double share : {1e-7, 1e-5, 0.1}) {
        const double length = share / scale;
        LineEnclosure line(of.graph(), of.samples);
        line.set_line(of.w, of.d, of.x, degree);
        if (!line.bound(length, EnclosureMode::norm)) continue;
        check(of, length, {degree});
        ++bounded[static_cast<std::size_t>(degree)];
      }
    }
  }
  for (const int degree : {1, 2, 3}) EXPECT_GE(bounded[static_cast<std::size_t>(degree)], 6);
}

// Squares of weights overflow, and those of what they read underflow.
TEST(EnclosureTraps, HugeWeightsOfTinyNumbers) {
  for (const char* second : {"conv: {filters: 1, kernel: [1, 3], padding: [0, 1]}",
                             "conv_transposed: {filters: 1, kernel: [1, 3], padding: [0, 1]}",
                             "dense: 3", "dense: {units: 2, per: position}"}) {
    for (const double size : {1e120, 1e155, 1e160, 1e200}) {
      SCOPED_TRACE(std::string(second) + " " + std::to_string(std::log10(size)));
      Trap of(std::string("{conv: {filters: 1, kernel: 1}, then: [tanh]}, {") + second +
                  ", then: [sigmoid]}, {dense: 2}",
              "1, 1, 5");
      of.x = {1, -0.5, 0.25, 2, 1};
      of.set(0, {1 / size}, {0.5 / size});
      of.set(1, {0}, {0});
      of.set(2, {size, -size, -size}, {size / 8, size / 4, -size / 2});
      of.set(3, {0}, {0});
      of.set(4, {1, -1, 2, 0.5, -2}, {0.1});
      of.set(5, {0}, {0});
      double length = 0.3;
      while (length > 1e-3 && !is_bounded(of, length)) length /= 4;
      if (length > 1e-3) check(of, length, {1, 2, 3}, false);
    }
  }
}

TEST(EnclosureTraps, LabelsThatAreNoClasses) {
  for (const char* loss : {"square", "logistic", "binary_logistic", "huber"}) {
    for (const std::int64_t label : {-1, 2, 1'000'000}) {
      Trap of("{dense: 2}", "1");
      of.loss = loss;
      of.labels.classes = {label};
      EXPECT_THROW(of.enclosure()->set_line(of.w, of.d, 2), LossDataError) << loss << label;
    }
  }
}

// Groups of filters that do not share anything, and positions that are classified one by one.
TEST(EnclosureTraps, PositionsThatAreClassified) {
  Trap of(
      "{conv: {filters: 4, kernel: 3, padding: 1, groups: 2}, then: [gelu]}, {conv: {filters: "
      "3, kernel: 1}}",
      "2, 3, 3", 2);
  for (const double smoothing : {0.0, 0.3, 1.0}) {
    of.options.label_smoothing = smoothing;
    for (std::size_t i = 0; i < of.w.size(); ++i) {
      of.w[i] = std::sin(static_cast<double>(3 * i));
      of.d[i] = std::cos(static_cast<double>(11 * i));
    }
    check(of, 0.1);
    check(of, 1);
    check(of, 1e-7);
  }
}

// A direction of any size leads to the same parameters, with t scaled back exactly.
TEST(EnclosureTraps, DirectionsThatAreShortOrLong) {
  Trap of("{dense: 3, then: [tanh]}, {dense: 2}", "1");
  of.options.regularizer = 0.25;
  of.set(0, {0.5, -1, 0.25}, {1, 0.5, -0.25});
  of.set(1, {0.25}, {-0.75});
  of.set(2, {1, -1, 0.5}, {0.125, 1.5});
  const std::vector<double> d = of.d;
  const auto usual = of.enclosure();
  usual->set_line(of.w, d, 3);
  ASSERT_TRUE(usual->bound(0.25, EnclosureMode::interval));
  const Range other = usual->at(0.125);
  const double expected = find_step(*usual, {}).step.value().t;
  for (const int exponent : {-400, -100, -31, 40, 100, 300}) {
    for (std::size_t i = 0; i < d.size(); ++i) of.d[i] = std::ldexp(d[i], exponent);
    const double length = std::ldexp(0.25, -exponent);
    const auto line = of.enclosure();
    line->set_line(of.w, of.d, 3);
    EXPECT_NEAR(line->derivatives().slope, std::ldexp(usual->derivatives().slope, exponent),
                std::ldexp(1e-14, exponent));
    ASSERT_TRUE(line->bound(length, EnclosureMode::interval)) << exponent;
    EXPECT_EQ(line->length(), length);
    EXPECT_FALSE(std::isfinite(line->at(length * 1.01).upper));
    const Range range = line->at(length / 2);
    EXPECT_NEAR(range.upper, other.upper, 1e-10);
    EXPECT_NEAR(range.lower, other.lower, 1e-10);
    const FoundStep found = find_step(*line, {});
    ASSERT_TRUE(found.step) << exponent;
    EXPECT_NEAR(std::ldexp(found.step->t, exponent), expected, 0.02 * expected);
    ASSERT_TRUE(line->bound(length, EnclosureMode::interval));
    const Number exact = of.exact(length / 2);
    EXPECT_FALSE(certainly_less(range.upper, exact));
    EXPECT_FALSE(certainly_less(exact, range.lower));
  }
}

// Of a large sum of squares what is small remains certified.
TEST(EnclosureTraps, Regularizers) {
  Trap of("{dense: 2, then: [tanh]}, {dense: 2}", "1");
  for (const double size : {1e-3, 1.0, 1e8}) {
    of.set(0, {size, -size}, {size});
    of.set(1, {size}, {-size});
    of.set(2, {1, -1}, {0.1 * size, size});
    for (const double lambda : {1e-6, 1.0, 1e4}) {
      of.options.regularizer = lambda;
      check(of, 1e-3 / size);
      check(of, 1e-9);
    }
  }
}

}  // namespace
}  // namespace smoothbound::test
