"""Small statements on which the time is all overhead: name -> (setup, statement).

Both libraries run the same text, with `torch` as the name of either.
"""

_TWO = "a = torch.tensor([2., 3.]); b = torch.tensor([6., 4.])"
_TWO_WITH_GRAD = """
a = torch.tensor([2., 3.], requires_grad=True)
b = torch.tensor([6., 4.], requires_grad=True)
"""
_MLP = """
torch.manual_seed(0)
net = torch.nn.Sequential(torch.nn.Linear(10, 32), torch.nn.ReLU(), torch.nn.Linear(32, 1))
x, y = torch.rand(16, 10), torch.rand(16, 1)
loss_of = torch.nn.MSELoss()
optimizer = torch.optim.SGD(net.parameters(), lr=1e-2)
"""
_MLP_STEP = """
optimizer.zero_grad()
loss = loss_of(net(x), y)
loss.backward()
optimizer.step()
"""

STATEMENTS = {
    "a + b": (_TWO, "a + b"),
    "a + b, with grad": (_TWO_WITH_GRAD, "a + b"),
    "tutorial's Q, forward + backward": (
        _TWO_WITH_GRAD + "ones = torch.tensor([1., 1.])",
        "Q = 3*a**3 - b**2\nQ.backward(gradient=ones)",
    ),
    "MLP 10-32-1, training step": (_MLP, _MLP_STEP),
}
