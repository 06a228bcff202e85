"""What a run leaves for its readers: Allure results, attachments, charts, diagnostics and the rendered report."""
