"""All addresses."""

from django.urls import path
from django_prometheus.exports import ExportToDjangoView

from shop.core import accounts, branches, pages, platform
from shop.health import pages as health
from shop.inventory import views as inventory
from shop.jobs import views as jobs
from shop.sales import counter
from shop.sales import views as sales

urlpatterns = [
    path("health/", health.health),
    path("health/live/", health.live),
    path("health/startup/", health.startup),
    path("health/ready/", health.ready),
    path("health/detailed/", health.detailed),
    path("metrics", ExportToDjangoView),
    path("accounts/login/", pages.login_page),
    path("dashboard/", pages.dashboard),
    path("api/auth/login/", accounts.Login.as_view()),
    path("api/auth/refresh/", accounts.Refresh.as_view()),
    path("api/user/profile/", accounts.Profile.as_view()),
    path("api/platform/shops/", platform.Shops.as_view()),
    path("api/platform/shops/<uuid:tenant_id>/", platform.OneShop.as_view()),
    path("api/platform/shops/<uuid:tenant_id>/suspend/", platform.ShopStatus.as_view(), {"word": "suspend"}),
    path("api/platform/shops/<uuid:tenant_id>/resume/", platform.ShopStatus.as_view(), {"word": "resume"}),
    path("api/branches/", branches.Branches.as_view()),
    path("api/branches/<uuid:branch_id>/", branches.OneBranch.as_view()),
    path("api/terminals/", sales.Terminals.as_view()),
    path("api/pos/terminals/", sales.Terminals.as_view(http_method_names=["get"])),
    path("api/inventory/categories/", inventory.Categories.as_view()),
    path("api/inventory/categories/create/", inventory.NewCategory.as_view()),
    path("api/inventory/items/", inventory.Items.as_view()),
    path("api/inventory/items/create/", inventory.NewItem.as_view()),
    path("api/inventory/items/<uuid:item_id>/", inventory.OneItem.as_view()),
    path("api/inventory/items/<uuid:item_id>/adjust-stock/", inventory.AdjustStock.as_view()),
    path("api/inventory/export/", inventory.Export.as_view()),
    path("api/pos/search/products/", counter.ProductSearch.as_view()),
    path("api/pos/drafts/<str:name>/", counter.Draft.as_view()),
    path("api/pos/calculate-totals/", sales.CalculateTotals.as_view()),
    path("api/pos/sales/create/", sales.NewSale.as_view()),
    path("api/sales/", sales.Sales.as_view()),
    path("api/sales/<uuid:sale_id>/", sales.OneSale.as_view()),
    path("api/sales/<uuid:sale_id>/receipt/", sales.ReceiptOfSale.as_view()),
    path("api/reports/day/", counter.DayReport.as_view()),
    path("api/pricing/gold/", counter.Gold.as_view()),
    path("api/jobs/valuations/", jobs.Valuations.as_view()),
    path("api/jobs/<uuid:job_id>/", jobs.OneJob.as_view()),
]

handler400 = "shop.errors.bad_request"
handler404 = "shop.errors.not_found"
handler500 = "shop.errors.internal"
