"""What the host of Azure's functions finds at the root of the bundle: three functions, which call the entry."""

import azure.functions as func

from failover_lambda.azure import entry, life

app = func.FunctionApp()


@app.timer_trigger(arg_name="timer", schedule=life.SCHEDULE, run_on_startup=False, use_monitor=False)
def tick(timer: func.TimerRequest) -> None:
    """By the timer, in one instance at a time."""
    entry.fire(past_due=timer.past_due)


@app.route("tick", methods=["POST"], auth_level=func.AuthLevel.FUNCTION)
def tick_now(req: func.HttpRequest) -> func.HttpResponse:
    """By whoever has a key: a deployment, an alarm."""
    status, text = entry.answer(req.params.get("tick"))
    return func.HttpResponse(text, status_code=status, mimetype="application/json")


@app.route("alive", methods=["GET"], auth_level=func.AuthLevel.ANONYMOUS)
def alive(req: func.HttpRequest) -> func.HttpResponse:
    """By anybody: an availability test."""
    del req
    return func.HttpResponse(status_code=entry.alive_status())
