// The constants of every activation against 256-bit ball arithmetic. What other tests take from the
// table rests on this: a row that is not stated here fails.
#include <arb_hypgeom.h>
#include <gtest/gtest.h>

#include <map>

#include "activation_cases.hpp"
#include "taylor.hpp"

namespace smoothbound {
namespace {

using support::Ball;
using test::ActivationCase;
using test::extremum;
using test::Taylor;

// sup |f'|, sup |f''|, |f(0)|, |f'(0)|, sup |f|.
struct Exact {
  Ball lipschitz, smoothness, at_zero, slope_at_zero, bound;
};

Ball ratio(int a, int b) { return Ball(a) / Ball(b); }
Ball root(const Ball& a) { return square_root(a); }
Ball inf() { return Ball::infinity(); }

Ball exponential(const Ball& x) {
  Ball result;
  arb_exp(result.raw(), x.raw(), Ball::precision);
  return result;
}

Ball log(const Ball& x) {
  Ball result;
  arb_log(result.raw(), x.raw(), Ball::precision);
  return result;
}

Ball euler() {
  Ball result;
  arb_const_e(result.raw(), Ball::precision);
  return result;
}

Ball error_function(const Ball& x) {
  Ball result;
  arb_hypgeom_erf(result.raw(), x.raw(), Ball::precision);
  return result;
}

Taylor silu(const Taylor& x) { return x / (Taylor(1) + exponential(Taylor(0) - x)); }

// tanh(log(1 + e^x)) = ((1 + e^x)^2 - 1) / ((1 + e^x)^2 + 1)
Taylor mish(const Taylor& x) {
  const Taylor w = Taylor(1) + exponential(x);
  return x * (w * w - Taylor(1)) / (w * w + Taylor(1));
}

// (1 + tanh u) / 2 = 1 / (1 + exp(-2u)), u = sqrt(2/pi) (x + 0.044715 x^3)
Taylor gelu_tanh(const Taylor& x) {
  const Taylor scale(root(Ball(2) / Ball::pi()));
  const Taylor u = scale * (x + Taylor(Ball::decimal("0.044715")) * x * x * x);
  return x / (Taylor(1) + exponential(Taylor(-2) * u));
}

Exact piecewise_linear(const Ball& slope) { return {slope, inf(), 0, slope, inf()}; }

// One line for each row of the table, given its parameter and the method.
const std::map<std::string_view, Exact (*)(const Ball&, Method)> exact_constants{
    {"softplus",
     [](const Ball& beta, Method) -> Exact {
       return {1, beta / Ball(4), Ball::log_two() / beta, ratio(1, 2), inf()};
     }},
    {"sigmoid",
     [](const Ball&, Method method) -> Exact {
       const Ball exact = Ball(1) / (Ball(6) * root(3));
       return {ratio(1, 4), method == Method::paper ? ratio(1, 10) : exact, ratio(1, 2),
               ratio(1, 4), 1};
     }},
    {"tanh",
     [](const Ball&, Method) -> Exact {
       return {1, Ball(4) / (Ball(3) * root(3)), 0, 1, 1};
     }},
    // Phi(sqrt 2) + sqrt 2 phi(sqrt 2)
    {"gelu",
     [](const Ball&, Method) -> Exact {
       return {(Ball(1) + error_function(1)) / Ball(2) + Ball(1) / (euler() * root(Ball::pi())),
               root(Ball(2) / Ball::pi()), 0, ratio(1, 2), inf()};
     }},
    {"gelu_tanh",
     [](const Ball&, Method) -> Exact {
       return {extremum(gelu_tanh, 1, "1", "2"), gelu_tanh(Taylor::variable(0)).derivative(2), 0,
               ratio(1, 2), inf()};
     }},
    {"silu",
     [](const Ball&, Method) -> Exact {
       return {extremum(silu, 1, "2", "3"), ratio(1, 2), 0, ratio(1, 2), inf()};
     }},
    {"mish",
     [](const Ball&, Method) -> Exact {
       return {extremum(mish, 1, "1", "2"), extremum(mish, 2, "-0.5", "0.3"), 0, ratio(3, 5),
               inf()};
     }},
    {"elu",
     [](const Ball& alpha, Method) -> Exact {
       const Ball slope = larger(1, alpha);
       return {slope, arb_is_one(alpha.raw()) != 0 ? Ball(1) : inf(), 0, slope, inf()};
     }},
    {"softsign",
     [](const Ball&, Method) -> Exact {
       return {1, 2, 0, 1, 1};
     }},
    {"atan",
     [](const Ball&, Method) -> Exact {
       return {1, Ball(3) * root(3) / Ball(8), 0, 1, Ball::pi() / Ball(2)};
     }},
    {"sin",
     [](const Ball&, Method) -> Exact {
       return {1, 1, 0, 1, 1};
     }},
    {"erf",
     [](const Ball&, Method) -> Exact {
       const Ball slope = Ball(2) / root(Ball::pi());
       return {slope, Ball(2) * root(Ball(2) / (Ball::pi() * euler())), 0, slope, 1};
     }},
    {"relu", [](const Ball&, Method) { return piecewise_linear(1); }},
    {"relu6",
     [](const Ball&, Method) -> Exact {
       return {1, inf(), 0, 1, 6};
     }},
    // f'' vanishes in the middle and is largest at cosh v = X, v = beta (x - 3); at beta = 1
    // 0.247557130084, at x = -0.019266.
    {"smooth_relu6",
     [](const Ball& beta, Method) -> Exact {
       const Ball c = Ball(3) * beta;
       const Ball up = exponential(c);
       const Ball down = Ball(1) / up;
       const Ball cosh = (up + down) / Ball(2);
       const Ball x = (cosh + root(cosh * cosh + Ball(8))) / Ball(2);
       const Ball top = beta * difference(up, down) / Ball(2) * root(difference(x * x, 1));
       const Ball half = exponential(c / Ball(2));
       const Ball at_zero = difference(Ball::log_two(), log(Ball(1) + down * down)) / beta;
       return {difference(half, Ball(1) / half) / (half + Ball(1) / half), top / square(x + cosh),
               at_zero, difference(ratio(1, 2), Ball(1) / (Ball(1) + up * up)), 6};
     }},
    {"leaky_relu", [](const Ball& slope, Method) { return piecewise_linear(larger(1, slope)); }},
    {"smooth_leaky_relu",
     [](const Ball& slope, Method) -> Exact {
       const Ball bend = larger(difference(1, slope), difference(slope, 1));
       return {larger(1, slope), bend / Ball(4), bend * Ball::log_two(),
               (Ball(1) + slope) / Ball(2), inf()};
     }},
    {"celu",
     [](const Ball& alpha, Method) -> Exact {
       return {1, Ball(1) / alpha, 0, 1, inf()};
     }},
    {"smooth_selu",
     [](const Ball&, Method) -> Exact {
       const Ball lambda = Ball::decimal("1.0507009873554804934193349852946");
       return {lambda, lambda / Ball::decimal("1.6732632423543772848170429916717"), 0, lambda,
               inf()};
     }},
    // lambda and alpha to the digits in which they are published.
    {"selu",
     [](const Ball&, Method) {
       return piecewise_linear(Ball::decimal("1.0507009873554804934193349852946") *
                               Ball::decimal("1.6732632423543772848170429916717"));
     }},
    {"hard_tanh",
     [](const Ball&, Method) -> Exact {
       return {1, inf(), 0, 1, 1};
     }},
    {"hard_sigmoid",
     [](const Ball&, Method) -> Exact {
       return {ratio(1, 6), inf(), ratio(1, 2), ratio(1, 6), 1};
     }},
    {"hard_swish",
     [](const Ball&, Method) -> Exact {
       return {ratio(3, 2), inf(), 0, ratio(1, 2), inf()};
     }},
    {"capped_exp",
     [](const Ball& cap, Method) -> Exact {
       const bool capped_at_zero = arb_lt(cap.raw(), Ball(1).raw()) != 0;
       return {cap, inf(), capped_at_zero ? cap : Ball(1), capped_at_zero ? Ball(0) : Ball(1), cap};
     }},
    {"smooth_capped_exp",
     [](const Ball& cap, Method) -> Exact {
       return {cap / Ball(4), cap / (Ball(6) * root(3)), cap / (Ball(1) + cap),
               square(cap / (Ball(1) + cap)), cap};
     }},
    {"identity",
     [](const Ball&, Method) -> Exact {
       return {1, 0, 0, 1, inf()};
     }},
    {"dropout",
     [](const Ball&, Method) -> Exact {
       return {1, 0, 0, 1, inf()};
     }},
};

// An upper bound of `exact`, and off by no more than a few roundings to 63 bits.
void expect_rounded_up(const Constant& constant, const Ball& exact) {
  const Ball stored = Ball::of(constant.value);
  ASSERT_EQ(stored.is_infinite(), exact.is_infinite()) << constant.formula;
  if (exact.is_infinite()) return;
  EXPECT_NE(arb_le(exact.raw(), stored.raw()), 0)
      << constant.formula << ": " << constant.value.to_text(20) << " is too small";
  const Ball most = exact + exact / Ball(std::int64_t{1} << 59);
  EXPECT_NE(arb_le(stored.raw(), most.raw()), 0)
      << constant.formula << ": " << constant.value.to_text(20) << " is not tight";
}

void expect_exact(const ActivationCase& f) {
  const auto row = exact_constants.find(f.row->name);
  ASSERT_TRUE(row != exact_constants.end()) << "state its constants above";
  const Ball parameter = f.parameter.empty() ? Ball() : Ball::decimal(f.parameter);
  for (const Method method : {Method::paper, Method::sharp}) {
    SCOPED_TRACE(name_of(method));
    const ScalarConstants given = f.constants(method);
    Exact exact = row->second(parameter, method);
    const Ball scale = Ball::decimal(f.scale);
    exact.smoothness = exact.smoothness * scale;
    exact.at_zero = exact.at_zero / scale;
    expect_rounded_up(given.lipschitz, exact.lipschitz);
    expect_rounded_up(given.smoothness, exact.smoothness);
    expect_rounded_up(given.at_zero, exact.at_zero);
    expect_rounded_up(given.slope_at_zero, exact.slope_at_zero);
    expect_rounded_up(given.bound, exact.bound);
  }
}

class ActivationExact : public testing::TestWithParam<ActivationCase> {};

TEST_P(ActivationExact, ConstantsAreRoundedUp) { expect_exact(GetParam()); }

INSTANTIATE_TEST_SUITE_P(Table, ActivationExact, testing::ValuesIn(test::activation_cases()),
                         test::name_of_case);

TEST(ActivationExactTable, HasNoOtherRows) {
  EXPECT_EQ(exact_constants.size(), activation_table().size());
}

// Nearer to 1 than any double: there is a kink all the same.
TEST(ActivationExactTable, EluIsSmoothAtOneAlone) {
  const auto smoothness = [](std::string_view alpha) {
    const ActivationRow& elu = *find_activation("elu");
    return elu.constants(Method::sharp, Real::from_decimal(alpha)).smoothness.value;
  };
  EXPECT_EQ(smoothness("1.000"), Magnitude::from_count(1));
  EXPECT_TRUE(smoothness("1.00000000000000000000000001").is_infinite());
  EXPECT_TRUE(smoothness("0.99999999999999999999999999").is_infinite());
}

TEST(ActivationExactTable, SoftplusAtAnyScale) {
  for (const char* beta : {"0.1", "1e-300", "7e300"}) {
    SCOPED_TRACE(beta);
    expect_exact({find_activation("softplus"), beta});
  }
}

}  // namespace
}  // namespace smoothbound
